// Warns before what was typed in a form is lost, where the form does not save by itself. Not for searches
// and filters, which send a GET, nor for forms marked `data-leave`, which keep nothing. Files have the
// warning of upload.js.
(() => {
  const FORMS = "main form[method=post]:not([data-autosave], [data-leave], #changelist-form)";
  const OTHER = ["hidden", "password", "file", "submit", "button", "reset"];
  const typeable = (one) => one.name && !one.disabled && !OTHER.includes(one.type)
    && one.autocomplete !== "one-time-code";
  const changed = (one) => one.type === "checkbox" || one.type === "radio"
    ? one.checked !== one.defaultChecked
    : one.options ? [...one.options].some((row) => row.selected !== row.defaultSelected)
      : one.value !== one.defaultValue;
  // Who signs in or up loses no work.
  const guarded = (form) => form?.matches(FORMS) && !form.querySelector("[type=password]");
  const typed = (form) => form.isConnected && [...form.elements].some((one) => typeable(one) && changed(one));

  // What was typed before and came back: a refused page, or one that keep.js filled again.
  const touched = new Set([...document.querySelectorAll(FORMS)].filter((form) => guarded(form) && typed(form)));
  const refused = [...document.querySelectorAll(FORMS)].filter((form) =>
    guarded(form) && form.querySelector(".has-error, .errorlist"));
  let leaving = false;

  const note = (event) => {
    leaving = false;
    if (guarded(event.target.form)) touched.add(event.target.form);
  };
  document.addEventListener("input", note);
  document.addEventListener("change", note);
  document.addEventListener("submit", (event) => {
    leaving = true;
    setTimeout(() => { leaving = !event.defaultPrevented; });
  }, true);
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("beforeunload", (event) => {
    const left = [...touched].some(typed) || refused.some((form) => form.isConnected);
    if (left && !leaving) event.preventDefault();
  });
})();
