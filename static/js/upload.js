// Names and sizes of chosen files at once, with a warning before a long upload in vain, and before
// a page is left on which files were chosen but not sent. The server checks everything again.
(() => {
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const size = (bytes) =>
    bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB`
      : bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} 바이트`;

  const inputs = [...document.querySelectorAll(".field input[type=file]")];
  const unsent = (sent) => inputs.filter((one) => one.files.length && one.form !== sent);
  let told = false;
  let leaving = false;

  const listOf = (input) => {
    const field = input.closest(".field");
    let list = field.querySelector(".field__files");
    if (!list) {
      list = document.createElement("ul");
      list.className = "field__files";
      list.setAttribute("role", "status");
      (input.closest(".field__control") || input).after(list);
    }
    return list;
  };

  const show = (input) => {
    told = false;
    const list = listOf(input);
    const limit = Number(input.dataset.maxBytes || 0);
    const faults = [];
    const files = [...input.files];
    const ordered = input.dataset.ordered !== undefined;
    if (ordered) files.sort((one, other) => natural.compare(one.name, other.name));
    list.replaceChildren(...files.map((file, place) => {
      const item = document.createElement("li");
      item.textContent = `${ordered ? `${place + 1}. ` : ""}${file.name} (${size(file.size)})`;
      if (limit && file.size > limit) {
        faults.push(`${file.name}: ${size(limit)}까지 올릴 수 있습니다.`);
      } else if (file.size === 0) {
        faults.push(`${file.name}: 빈 파일입니다.`);
      }
      return item;
    }));
    for (const fault of faults) {
      const item = document.createElement("li");
      item.className = "field__error";
      item.textContent = fault;
      list.append(item);
    }
    input.setCustomValidity(faults.join(" "));
  };

  const tell = (waiting) => {
    told = true;
    for (const input of waiting) {
      show(input);
      told = true;
      const item = document.createElement("li");
      item.className = "field__error";
      item.append("고른 파일을 아직 올리지 않았습니다. 올리거나 빼고 이동하세요. ");
      const out = document.createElement("button");
      out.type = "button";
      out.className = "button button--tertiary button--small";
      out.textContent = "고른 파일 빼기";
      out.addEventListener("click", () => {
        input.value = "";
        show(input);
        input.focus();
      });
      item.append(out);
      listOf(input).append(item);
    }
    waiting[0].scrollIntoView({ block: "center" });
    waiting[0].focus({ preventScroll: true });
  };

  for (const input of inputs) input.addEventListener("change", () => show(input));

  document.addEventListener("submit", (event) => {
    const waiting = unsent(event.target);
    if (waiting.length && !told) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return tell(waiting);
    }
    leaving = true;
    setTimeout(() => { leaving = !event.defaultPrevented; });
  }, true);
  document.querySelector("main")?.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.target === "_blank" || link.hash && link.pathname === location.pathname) return;
    const waiting = unsent();
    if (!waiting.length || event.ctrlKey || event.metaKey) return;
    if (told) leaving = true;
    else {
      event.preventDefault();
      tell(waiting);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsent().length && !leaving) event.preventDefault();
  });
})();
