// A page with several forms: what was typed in one is still there after another was sent.
// Kept for the next page of this tab only, and used when that is the same page again.
(() => {
  const KEY = "typed-beside";
  const page = location.pathname;
  const forms = [...document.querySelectorAll("main form[method=post]:not([data-autosave])")];
  const typeable = (one) => one.name && !one.disabled &&
    !["hidden", "password", "file", "submit", "button"].includes(one.type);
  const changed = (one) => one.type === "checkbox" || one.type === "radio"
    ? one.checked !== one.defaultChecked
    : one.options ? [...one.options].some((row) => row.selected !== row.defaultSelected)
      : one.value !== one.defaultValue;
  // A form by its controls and hidden values, so that a list that grew does not shift the words.
  const nameOf = (form) => [...form.elements]
    .filter((one) => one.name && one.name !== "csrfmiddlewaretoken")
    .map((one) => one.name + (one.type === "hidden" ? `=${one.value}` : "")).join("&");

  const restore = (kept) => {
    for (const row of kept) {
      const form = forms.find((one) => nameOf(one) === row.form);
      const one = form && [...form.elements].filter((el) => el.name === row.name)[row.place];
      if (!one || changed(one)) continue;
      if (one.type === "checkbox" || one.type === "radio") one.checked = row.value;
      else one.value = row.value;
      one.closest("details")?.setAttribute("open", "");
    }
  };

  try {
    const stored = JSON.parse(sessionStorage.getItem(KEY) || "null");
    sessionStorage.removeItem(KEY);
    if (stored?.page === page) restore(stored.kept);
  } catch {
    return; // no storage in this browser
  }

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const kept = [];
    for (const form of forms.filter((one) => one !== event.target)) {
      for (const one of form.elements) {
        if (!typeable(one) || !changed(one)) continue;
        const place = [...form.elements].filter((el) => el.name === one.name).indexOf(one);
        const value = one.type === "checkbox" || one.type === "radio" ? one.checked : one.value;
        kept.push({ form: nameOf(form), name: one.name, place, value });
      }
    }
    if (kept.length) sessionStorage.setItem(KEY, JSON.stringify({ page, kept }));
  });
})();
