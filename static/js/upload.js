// Names and sizes of chosen files at once, with a warning before a long upload in vain.
// The server checks everything again.
(() => {
  const size = (bytes) =>
    bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB`
      : bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} 바이트`;

  const show = (input) => {
    const field = input.closest(".field");
    let list = field.querySelector(".field__files");
    if (!list) {
      list = document.createElement("ul");
      list.className = "field__files";
      list.setAttribute("role", "status");
      (input.closest(".field__control") || input).after(list);
    }
    const limit = Number(input.dataset.maxBytes || 0);
    const faults = [];
    list.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = `${file.name} (${size(file.size)})`;
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

  for (const input of document.querySelectorAll(".field input[type=file]")) {
    input.addEventListener("change", () => show(input));
  }
})();
