// Mobile menu (without JavaScript the menu simply stays open) and questions before a grave act.
(() => {
  const header = document.querySelector("[data-menu]");
  const button = document.querySelector("[data-menu-button]");
  if (header && button) {
    const nav = document.getElementById(button.getAttribute("aria-controls"));
    const show = (open) => {
      nav.classList.toggle("is-open", open);
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "메뉴 닫기" : "메뉴";
    };
    header.classList.add("has-menu");
    button.addEventListener("click", () => show(!nav.classList.contains("is-open")));
    header.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && nav.classList.contains("is-open")) {
        show(false);
        button.focus();
      }
    });
  }

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    const asked = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (asked && !window.confirm(asked)) event.preventDefault();
  });
})();
