// Saves a draft while it is typed. One request at a time; the version makes sure that nobody's
// text is overwritten unseen; text is never taken out of the page, whatever the answer. What the
// server refuses is marked at its field, and leaving warns until it is saved.
(() => {
  const QUIET = 1500;
  const RETRY = 5000;
  const OWN = "data-autosave-error";

  const living = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];

  // A table of rows has its name in the names of its inputs: `q_rows-0-name`.
  const controlsOf = (form, name) => [...form.elements].filter((one) =>
    one.type !== "hidden" && (one.name === name || one.name.startsWith(`${name}-`)));

  const mark = (form, name, words, number) => {
    const controls = controlsOf(form, name);
    const field = controls[0]?.closest(".field");
    if (!field) return false;
    const whole = field.matches("fieldset") ? field : null;
    const id = `autosave-error-${number}`;
    field.querySelector(":scope > .field__error")?.remove();
    const note = document.createElement("div");
    note.className = "field__error";
    note.id = id;
    note.setAttribute(OWN, "");
    const hidden = document.createElement("span");
    hidden.className = "visually-hidden";
    hidden.textContent = "오류: ";
    note.append(hidden, words.join(" "));
    const last = [...field.querySelectorAll(":scope > .field__help, :scope > .field__label")].pop();
    last ? last.after(note) : field.prepend(note);
    field.classList.add("has-error");
    for (const control of controls) control.setAttribute("aria-invalid", "true");
    for (const one of whole ? [whole] : controls) {
      const described = (one.getAttribute("aria-describedby") || "").split(" ");
      const living = described.filter((id) => id && document.getElementById(id));
      one.setAttribute("aria-describedby", [...living, id].join(" "));
    }
    return true;
  };

  const unmark = (form) => {
    for (const note of form.querySelectorAll(`[${OWN}]`)) {
      const field = note.closest(".field");
      field.classList.remove("has-error");
      for (const one of [field, ...field.querySelectorAll("[aria-invalid], [aria-describedby]")]) {
        one.removeAttribute("aria-invalid");
        const kept = (one.getAttribute("aria-describedby") || "").split(" ")
          .filter((id) => id && id !== note.id);
        if (kept.length) one.setAttribute("aria-describedby", kept.join(" "));
        else one.removeAttribute("aria-describedby");
      }
      note.remove();
    }
  };

  // What else on the page follows from what was saved comes with the answer: the parts that changed.
  const show = (parts) => {
    for (const [name, html] of Object.entries(parts)) {
      const part = document.querySelector(`[data-part="${name}"]`);
      if (!part || part.contains(document.activeElement)) continue;
      const open = [...part.querySelectorAll("details")].map((one) => one.open);
      const page = new DOMParser().parseFromString(html, "text/html");
      part.replaceChildren(...page.body.childNodes);
      part.querySelectorAll("details").forEach((one, at) => { one.open = !!open[at]; });
    }
  };

  const watch = (form) => {
    const status = document.querySelector("[data-autosave-status]");
    const version = form.elements.namedItem("version");
    const based = form.elements.namedItem("based");
    const url = form.dataset.autosave || form.getAttribute("action") || window.location.href;
    let timer = null;
    let dirty = false;
    let busy = false;
    let stopped = form.dataset.unsaved === "conflict";
    let passing = false;
    let leaving = false;
    let waiting = null;
    // On the page, not on the server, and nothing to send again until it changes. A page that came
    // back with the two sides of a conflict waits for a decision.
    let refused = "unsaved" in form.dataset;
    const first = living();

    const say = (words, state = "", link = null) => {
      if (!status) return;
      status.className = `autosave${state ? ` is-${state}` : ""}`;
      status.textContent = words;
      if (link) {
        const anchor = document.createElement("a");
        anchor.href = link.href;
        anchor.textContent = link.text;
        if (link.blank) anchor.target = "_blank";
        status.append(" ", anchor);
      }
    };

    const stop = (words, link) => {
      stopped = refused = true;
      rest();
      say(words, "failed", link);
    };

    const rest = () => {
      clearTimeout(timer);
      timer = null;
    };

    const later = (wait = QUIET) => {
      rest();
      if (!stopped) timer = setTimeout(save, wait);
    };

    // Signing in again in another window changes the token: the cookie has the living one. Else the
    // form keeps its own, by which the server knows a form that was sent twice.
    const token = () => {
      const hidden = form.elements.namedItem("csrfmiddlewaretoken");
      const now = living();
      if (now && hidden && now !== first) hidden.value = now;
      return now || hidden?.value || "";
    };

    const body = () => {
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      data.delete("csrfmiddlewaretoken");
      return data;
    };

    const written = () => {
      const data = body();
      data.delete("version");
      data.delete("based");
      return new URLSearchParams(data).toString();
    };
    // What the server has answered to last; a `change` after it is no news.
    let answered = written();

    const understood = async (answer) => {
      const json = await answer.json().catch(() => ({}));
      const error = json.error || json;
      if (answer.redirected || answer.status === 401 || answer.status === 403) {
        say("로그인이 끝나 저장하지 못했습니다. 새 창에서 로그인하면 이어서 저장합니다. 이 화면은 닫지 마세요.",
          "failed", { href: "/accounts/login/", text: "새 창에서 로그인", blank: true });
        dirty = true;
        answered = null;
        return later(RETRY * 2);
      }
      const stored = json.version !== undefined && answer.status !== 409;
      if (version && stored) version.value = json.version;
      if (based && stored && json.based) based.value = json.based;
      unmark(form);
      refused = !answer.ok;
      if (stored) show(json.parts || {});
      if (answer.ok) {
        const at = json.saved_at ? new Date(json.saved_at) : new Date();
        const time = at.toLocaleTimeString("en-GB", { timeZone: "Asia/Seoul" });
        return say(`저장됨 ${time}`, "saved");
      }
      if (answer.status === 409 && error.code === "stale_version") {
        return stop(`${error.message || "다른 사람이 먼저 고쳤습니다."} 이 화면의 내용은 저장되지 않았으니 필요한 부분을 복사해 두세요.`,
          { href: window.location.href, text: "최신 내용 불러오기" });
      }
      if (answer.status < 500) {
        const fields = {};
        for (const row of stored ? json.findings || [] : []) {
          if (row.field) (fields[row.field] ||= []).push(row.message);
        }
        Object.entries(fields).forEach(([name, words], number) => mark(form, name, words, number));
        return say(error.message || "저장하지 못했습니다. 입력한 내용을 확인하세요.", "failed");
      }
      // The portal says when it expects to serve again: not all at that very second.
      const wait = Number(answer.headers.get("Retry-After")) * 1000;
      throw Object.assign(new Error(String(answer.status)), { wait: wait * (1 + Math.random()) });
    };

    const save = async () => {
      rest();
      if (stopped || leaving || busy || !dirty) return;
      busy = true;
      dirty = false;
      answered = written();
      // A server reads pairs several times faster than parts; parts are shorter, and what outlives the
      // page may have 64 KiB at most.
      const hidden = document.visibilityState === "hidden";
      try {
        await understood(await fetch(url, {
          method: "POST",
          body: hidden ? body() : new URLSearchParams(body()),
          headers: { Accept: "application/json", "X-CSRFToken": token() },
          keepalive: hidden,
        }));
      } catch (error) {
        dirty = true;
        answered = null;
        say("저장하지 못했습니다. 연결되면 다시 저장합니다", "failed");
        later(error.wait || RETRY);
      }
      busy = false;
      if (waiting) go();
      else if (dirty && timer === null) later();
    };

    const go = () => {
      const { target, by } = waiting;
      waiting = null;
      passing = true;
      target.requestSubmit(by);
      passing = false;
    };

    const typed = (event) => {
      if (event.target.type === "file" || event.target.closest("[data-autosave-skip]")) return;
      dirty = written() !== answered;
      if (dirty) later();
    };

    form.addEventListener("input", typed);
    form.addEventListener("change", typed);
    form.addEventListener("focusout", () => dirty && later(0));
    document.addEventListener("visibilitychange", () => document.hidden && save());
    window.addEventListener("online", () => dirty && later(0));
    form.addEventListener("submit", (event) => {
      // A saving under way raises the version: let it end before the form itself goes out.
      if (busy) {
        event.preventDefault();
        waiting = { target: form, by: event.submitter };
        return;
      }
      leaving = true;
      rest();
      setTimeout(() => {
        if (!event.defaultPrevented) return;
        leaving = false;
        if (dirty) later();
      });
    });
    // Another form of the page, such as an upload, goes out when the text is saved.
    document.addEventListener("submit", (event) => {
      if (event.target === form || stopped || passing || !(dirty || busy)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      waiting = { target: event.target, by: event.submitter };
      if (!busy) save();
    }, true);
    if (refused && !stopped) {
      dirty = true;
      later();
    }
    window.addEventListener("beforeunload", (event) => {
      if ((dirty || busy || refused) && !leaving) event.preventDefault();
    });
  };

  document.querySelectorAll("form[data-autosave]").forEach(watch);
})();
