// The field of an industry as a combobox: what is typed is searched for, the list is used by keyboard or
// pointer. Without this script the button beside it sends the form and shows radios. Before keep.js, which
// knows a form by its controls.
(() => {
  const QUIET = 200;
  let count = 0;

  const made = (name, attributes, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };

  const enhance = (box) => {
    const entry = box.querySelector(".industry__line input");
    const unknown = box.querySelector(".industry__unknown input");
    const id = `industry-${(count += 1)}`;
    const list = made("ul", { id, role: "listbox", class: "industry__list", "aria-label": "찾은 업종" });
    const said = made("p", { class: "industry__said", role: "status" });
    let options = [];
    let active = -1;
    let timer = null;
    let asked = 0;
    // What stood in the line when it was last settled: it is no search.
    let settled = entry.value;
    let telling = false;

    list.hidden = true;
    box.querySelector(".industry__line button").remove();
    box.querySelector(".industry__found")?.remove();
    box.querySelector("[type=hidden][name$='-ticked']")?.remove();
    box.querySelector(".industry__line").after(list, said);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list",
      "aria-controls": id, "aria-expanded": "false" })) entry.setAttribute(name, value);

    const mark = (at) => {
      options[active]?.setAttribute("aria-selected", "false");
      active = at;
      const option = options[active];
      if (!option) return entry.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      entry.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };

    const close = () => {
      mark(-1);
      list.hidden = true;
      entry.setAttribute("aria-expanded", "false");
    };

    const told = () => {
      telling = true;
      entry.dispatchEvent(new Event("input", { bubbles: true }));
      entry.dispatchEvent(new Event("change", { bubbles: true }));
      telling = false;
    };

    const choose = (option) => {
      entry.value = settled = option.dataset.label;
      unknown.checked = false;
      said.textContent = "";
      close();
      told();
    };

    const show = ({ rows, more }) => {
      mark(-1);
      options = rows.map((row, at) => {
        const option = made("li", { id: `${id}-${at}`, role: "option", "aria-selected": "false" }, row.label);
        option.dataset.label = row.label;
        if (row.note) option.append(made("small", {}, row.note));
        return option;
      });
      list.replaceChildren(...options);
      list.hidden = !options.length;
      entry.setAttribute("aria-expanded", String(!!options.length));
      said.textContent = options.length
        ? `찾은 업종 ${options.length}개${more ? ". 더 있으니 낱말을 더하면 좁힐 수 있습니다." : ""}`
        : "맞는 업종이 없습니다. 낱말을 줄이거나 다른 말로 찾아보세요.";
    };

    const search = async () => {
      const words = entry.value.trim();
      const turn = (asked += 1);
      if (!words || entry.value === settled) return close();
      try {
        const answer = await fetch(`${box.dataset.industry}?q=${encodeURIComponent(words)}`,
          { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const found = await answer.json();
        if (turn === asked && document.activeElement === entry) show(found);
      } catch {
        if (turn === asked) said.textContent = "지금은 찾을 수 없습니다. 코드를 알면 숫자 2~5자리를 적으세요.";
      }
    };

    entry.addEventListener("input", () => {
      if (telling) return;
      if (entry.value) unknown.checked = false;
      clearTimeout(timer);
      if (!entry.value.trim()) said.textContent = "";
      timer = setTimeout(search, QUIET);
    });
    entry.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const open = !list.hidden;
      const last = options.length - 1;
      if (event.key === "ArrowDown" && !open) search();
      else if (event.key === "ArrowDown") mark(active === last ? 0 : active + 1);
      else if (event.key === "ArrowUp" && open) mark(active <= 0 ? last : active - 1);
      else if (event.key === "Escape" && open) close();
      else if (event.key === "Enter" && open && active >= 0) choose(options[active]);
      else return;
      event.preventDefault();
    });
    entry.addEventListener("blur", close);
    // Before the line loses the focus, which closes the list.
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
    unknown.addEventListener("change", () => {
      if (!unknown.checked || !entry.value) return;
      entry.value = settled = "";
      said.textContent = "";
      told();
    });
  };

  document.querySelectorAll("[data-industry]").forEach(enhance);
})();
