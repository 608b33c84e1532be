// The label page: keys for the marks, arrows for the frames, a box drawn on the picture, contrast.
(() => {
  const page = document.querySelector("[data-label-page]");
  if (!page) return;
  const form = page.querySelector("[data-label-form]");
  const image = page.querySelector("[data-frame-image]");
  const canvas = page.querySelector("[data-box-canvas]");
  const links = [...page.querySelectorAll("[data-frame-link]")];
  const field = (name) => form.elements.namedItem(name);
  const MARKS = { 1: "normal", 2: "defect", 3: "unsure" };

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
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=radio]), select, textarea, button, a, summary");
    if (event.ctrlKey || event.altKey || event.metaKey || (typing && event.target !== document.body)) return;
    if (MARKS[event.key]) {
      event.preventDefault();
      choose(MARKS[event.key]);
    } else if (event.key === " ") {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      if (event.target.type === "radio") return;
      event.preventDefault();
      go(event.key === "ArrowRight" ? 1 : -1);
    }
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
