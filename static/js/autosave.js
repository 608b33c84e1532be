// Saves a draft while it is typed. One request at a time; the version makes sure that nobody's
// text is overwritten unseen; text is never taken out of the page, whatever the answer.
(() => {
  const QUIET = 1500;
  const RETRY = 5000;

  const watch = (form) => {
    const status = document.querySelector("[data-autosave-status]");
    const version = form.elements.namedItem("version");
    const url = form.dataset.autosave || form.getAttribute("action") || window.location.href;
    let timer = null;
    let dirty = false;
    let busy = false;
    let stopped = false;
    let leaving = false;
    let waiting = null;

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
      stopped = true;
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

    // Signing in again in another window changes the token: the cookie has the living one.
    const token = () => {
      const hidden = form.elements.namedItem("csrfmiddlewaretoken");
      const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
      if (cookie && hidden) hidden.value = cookie[1];
      return hidden?.value || "";
    };

    const body = () => {
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      data.delete("csrfmiddlewaretoken");
      return data;
    };

    const understood = async (answer) => {
      const json = await answer.json().catch(() => ({}));
      const error = json.error || json;
      if (answer.redirected || answer.status === 401 || answer.status === 403) {
        say("로그인이 끝나 저장하지 못했습니다. 새 창에서 로그인하면 이어서 저장합니다. 이 화면은 닫지 마세요.",
          "failed", { href: "/accounts/login/", text: "새 창에서 로그인", blank: true });
        dirty = true;
        return later(RETRY * 2);
      }
      if (answer.ok) {
        if (version && json.version !== undefined) version.value = json.version;
        const at = json.saved_at ? new Date(json.saved_at) : new Date();
        const time = at.toLocaleTimeString("en-GB", { timeZone: "Asia/Seoul" });
        return say(`저장됨 ${time}`, "saved");
      }
      if (answer.status === 409 && error.code === "stale_version") {
        return stop(`${error.message || "다른 사람이 먼저 고쳤습니다."} 이 화면의 내용은 저장되지 않았으니 필요한 부분을 복사해 두세요.`,
          { href: window.location.href, text: "최신 내용 불러오기" });
      }
      if (answer.status < 500) {
        return say(error.message || "저장하지 못했습니다. 입력한 내용을 확인하세요.", "failed");
      }
      throw new Error(String(answer.status));
    };

    const save = async () => {
      rest();
      if (stopped || leaving || busy || !dirty) return;
      busy = true;
      dirty = false;
      try {
        await understood(await fetch(url, {
          method: "POST",
          body: body(),
          headers: { Accept: "application/json", "X-CSRFToken": token() },
          keepalive: document.visibilityState === "hidden",
        }));
      } catch {
        dirty = true;
        say("저장하지 못했습니다. 연결되면 다시 저장합니다", "failed");
        later(RETRY);
      }
      busy = false;
      if (waiting) form.requestSubmit(waiting.by);
      else if (dirty && timer === null) later();
    };

    const typed = (event) => {
      if (event.target.type === "file" || event.target.closest("[data-autosave-skip]")) return;
      dirty = true;
      later();
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
        waiting = { by: event.submitter };
        return;
      }
      waiting = null;
      leaving = true;
      rest();
      setTimeout(() => {
        if (!event.defaultPrevented) return;
        leaving = false;
        if (dirty) later();
      });
    });
    window.addEventListener("beforeunload", (event) => {
      if ((dirty || busy) && !leaving) event.preventDefault();
    });
  };

  document.querySelectorAll("form[data-autosave]").forEach(watch);
})();
