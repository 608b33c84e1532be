// Keys of the page of an application. They act outside fields alone, and whoever does not want them
// turns them off in their list; the browser remembers it.
(() => {
  const list = document.querySelector("[data-keys]");
  const on = list.querySelector("[data-keys-on]");
  const OFF = "desk-keys-off";
  const FIELDS = "input, textarea, select, [contenteditable]";
  let pressed = false;

  const isOn = () => localStorage.getItem(OFF) === null;
  on.checked = isOn();
  on.addEventListener("change", () => {
    if (on.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });

  document.addEventListener("keydown", (event) => {
    if (!isOn() || pressed || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest(FIELDS)) return;
    if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) {
      event.preventDefault();
      list.open = !list.open;
      return;
    }
    // By the place of the key: with a Korean keyboard J writes a vowel.
    const target = event.shiftKey ? null : document.querySelector(`[data-key="${event.code}"]`);
    if (!target) return;
    event.preventDefault();
    pressed = true;
    target.click();
  });

  // Back from another page, the page as it was left.
  window.addEventListener("pageshow", () => {
    pressed = false;
  });
})();

// Says every 45 seconds that the page is still open, and who else has it open.
(() => {
  const line = document.querySelector("[data-viewers]");
  const names = line.querySelector("strong");

  const ask = async () => {
    if (document.hidden) return;
    try {
      const headers = { Accept: "application/json", "X-Portal-Beat": "1" };
      const answer = await fetch(line.dataset.viewers, { headers, cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const { viewers } = await answer.json();
      names.textContent = viewers.join(", ");
      line.hidden = viewers.length === 0;
    } catch {
      // not reached: asked again later
    }
  };
  setInterval(ask, 45_000);
})();
