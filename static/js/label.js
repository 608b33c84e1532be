// The label page: keys for marks and frames, a box drawn on the picture, contrast.
(() => {
  const page = document.querySelector("[data-label-page]");
  if (!page) return;
  const form = page.querySelector("[data-label-form]");
  const image = page.querySelector("[data-frame-image]");
  const canvas = page.querySelector("[data-box-canvas]");
  const links = [...page.querySelectorAll("[data-frame-link]")];
  const field = (name) => form.elements.namedItem(name);

  const choose = (value) => {
    const radio = form.querySelector(`input[name="mark"][value="${value}"]`);
    if (radio) radio.checked = true;
    if (value === "defect") field("defect").focus();
  };
  const go = (step) => {
    const here = links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[here + step];
    if (next) window.location.assign(next.href);
  };
  // One key, one thing. By place on the keyboard, so that Korean input changes nothing. Space and
  // arrows keep their own meaning; a key that is held down counts once.
  const KEYS = {
    Digit1: () => choose("normal"), Numpad1: () => choose("normal"),
    Digit2: () => choose("defect"), Numpad2: () => choose("defect"),
    Digit3: () => choose("unsure"), Numpad3: () => choose("unsure"),
    Comma: () => go(-1),
    Period: () => go(1),
    KeyZ: () => document.querySelector("[data-label-undo]")?.requestSubmit(),
    Enter: () => (form.querySelector("input[name=mark]:checked") ? form.requestSubmit()
      : form.querySelector("input[name=mark]").focus()),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.target.closest("input:not([type=radio]), textarea, button, a, summary")) return;
    if (event.target.closest("select") && event.code !== "Enter") return;
    const act = KEYS[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });

  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const [x, y, w, h] = ["x", "y", "w", "h"].map((side) => Number(field(side).value || NaN));
    if ([x, y, w, h].some(Number.isNaN)) return;
    pen.strokeStyle = "#ffd400";
    pen.lineWidth = 2;
    pen.strokeRect(x, y, w, h);
  };
  ["x", "y", "w", "h"].forEach((side) => field(side).addEventListener("input", draw));

  let start = null;
  const place = (event) => {
    const area = canvas.getBoundingClientRect();
    const inside = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
    return {
      x: inside(((event.clientX - area.left) * canvas.width) / area.width, canvas.width),
      y: inside(((event.clientY - area.top) * canvas.height) / area.height, canvas.height),
    };
  };
  canvas.addEventListener("pointerdown", (event) => {
    start = place(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start) return;
    const end = place(event);
    field("x").value = Math.min(start.x, end.x);
    field("y").value = Math.min(start.y, end.y);
    field("w").value = Math.max(1, Math.abs(end.x - start.x));
    field("h").value = Math.max(1, Math.abs(end.y - start.y));
    draw();
  });
  canvas.addEventListener("pointerup", () => {
    if (start && field("w").value) {
      form.querySelector("details").open = true;
      choose("defect");
    }
    start = null;
  });

  const contrast = page.querySelector("[data-contrast]");
  contrast.hidden = false;
  contrast.querySelector("input").addEventListener("input", (event) => {
    image.style.filter = `contrast(${event.target.value})`;
  });
  draw();
})();
