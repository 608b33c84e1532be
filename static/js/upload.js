// Files go up when they are chosen, with progress and a way to stop, in parts of a page marked
// `data-upload`; other forms with files show their progress when they are sent. Nothing that was
// chosen is lost: what did not arrive stays chosen, and leaving the page warns. The server checks
// everything again, and without scripts the buttons of the forms do all of it.
(() => {
  const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const size = (bytes) =>
    bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB`
      : bytes >= 1024 ? `${Math.round(bytes / 1024)} KB` : `${bytes} 바이트`;

  const inputs = () => [...document.querySelectorAll(".field input[type=file]")];
  const unsent = (sent) => inputs().filter((one) => one.files.length && one.form !== sent);
  let told = false;
  let leaving = false;
  let sending = null; // the request under way, and the input whose files it takes
  let waiting = null; // a form that was sent while files went up

  const teller = document.createElement("p");
  teller.className = "visually-hidden";
  teller.setAttribute("role", "status");
  document.body.append(teller);
  const say = (words) => { teller.textContent = words; };

  const listOf = (input) => {
    const field = input.closest(".field");
    let list = field.querySelector(".field__files");
    if (!list) {
      list = document.createElement("ul");
      list.className = "field__files";
      (input.closest(".field__control") || input).after(list);
    }
    return list;
  };

  const line = (list, words, name = "") => {
    const item = document.createElement("li");
    item.className = name;
    item.textContent = words;
    list.append(item);
    return item;
  };

  const button = (words, press) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button--tertiary button--small";
    made.textContent = words;
    made.addEventListener("click", press);
    return made;
  };

  const faultsOf = (input, files) => {
    const limit = Number(input.dataset.maxBytes || 0);
    return files.flatMap((file) =>
      limit && file.size > limit ? [`${file.name}: ${size(limit)}까지 올릴 수 있습니다.`]
        : file.size === 0 ? [`${file.name}: 빈 파일입니다.`] : []);
  };

  const show = (input) => {
    told = false;
    const list = listOf(input);
    const files = [...input.files];
    const ordered = input.dataset.ordered !== undefined;
    if (ordered) files.sort((one, other) => natural.compare(one.name, other.name));
    list.replaceChildren();
    files.forEach((file, place) =>
      line(list, `${ordered ? `${place + 1}. ` : ""}${file.name} (${size(file.size)})`));
    const faults = faultsOf(input, files);
    for (const fault of faults) line(list, fault, "field__error");
    input.setCustomValidity(faults.join(" "));
    say(faults.join(" ") || files.map((file) => file.name).join(", "));
    return !faults.length;
  };

  const clear = (input) => {
    input.value = "";
    show(input);
    input.focus();
  };

  const choose = (input, files) => {
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
  };

  const tell = (left) => {
    const words = sending ? "파일을 올리는 중입니다. 끝난 뒤 이동하세요. "
      : "고른 파일을 아직 올리지 않았습니다. 올리거나 빼고 이동하세요. ";
    for (const input of left) {
      if (sending?.input !== input) show(input);
      const item = line(listOf(input), words, "field__error");
      if (!sending) item.append(button("고른 파일 빼기", () => clear(input)));
    }
    told = true;
    say(words);
    left[0].scrollIntoView({ block: "center" });
    left[0].focus({ preventScroll: true });
  };

  // Sends parts of a form; tells how far it is and can be stopped. Never rejects.
  const post = (url, data, { title, list, input }) => new Promise((done) => {
    const request = new XMLHttpRequest();
    const item = line(list, "");
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", `${title} 올리는 중`);
    const share = document.createElement("span");
    item.append(`${title} `, bar, share, button("취소", () => request.abort()));
    const end = (outcome) => {
      item.remove();
      sending = null;
      done({ ...outcome, request });
    };
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      bar.value = Math.round((event.loaded / event.total) * 100);
      share.textContent = ` ${bar.value}% `;
    });
    request.addEventListener("load", () => end({ answered: true }));
    request.addEventListener("error", () => end({ failed: true }));
    request.addEventListener("abort", () => end({ stopped: true }));
    sending = { request, input };
    say(`${title} 올리는 중입니다.`);
    request.open("POST", url);
    request.setRequestHeader("Accept", "text/html");
    request.send(data);
  });

  const went = "올리지 못했습니다. 연결을 확인하고 다시 보내 주세요.";
  const outside = "로그인이 끝났거나 화면이 바뀌어 올리지 못했습니다. 새 창에서 로그인한 뒤 다시 보내 주세요.";

  // ---- Parts of a page that take files at once ----

  const senderOf = (part) => part.querySelector("[data-upload-button]");
  const needed = (part) => [...part.querySelectorAll("[data-upload-needs]")].filter((one) => !one.value.trim());

  // What the button of the part would send, without what is typed in the rest of its form.
  const partsOf = (part, by, input, file) => {
    const data = new FormData();
    const form = by.form;
    const token = form.elements.namedItem("csrfmiddlewaretoken");
    data.append("csrfmiddlewaretoken", token.value);
    for (const one of part.querySelectorAll("input, select, textarea")) {
      const off = (one.type === "radio" || one.type === "checkbox") && !one.checked;
      if (!one.name || one.form !== form || one.type === "file" || off || one === token) continue;
      data.append(one.name, one.value);
    }
    if (by.name) data.append(by.name, by.value);
    data.append(input.name, file, file.name);
    return data;
  };

  // Puts a part as the answer shows it in the place of the old one, and what follows from it.
  const renew = (part, page) => {
    const fresh = page.getElementById(part.id);
    if (!fresh) return null;
    part.replaceChildren(...fresh.childNodes);
    for (const other of document.querySelectorAll("[data-part]")) {
      const changed = page.querySelector(`[data-part="${other.dataset.part}"]`);
      if (changed && !other.contains(document.activeElement)) other.replaceChildren(...changed.childNodes);
    }
    prepare(part);
    return part.querySelector("input[type=file]");
  };

  const reasonIn = (part) =>
    [...part.querySelectorAll(".field__error")].map((one) => one.textContent.replace(/^오류:\s*/, "").trim()).join(" ");

  const sendAll = async (part, first) => {
    const files = [...first.files];
    const left = [];
    const refused = [];
    const arrived = [];
    let input = first;
    let why = "";
    for (const [place, file] of files.entries()) {
      const by = senderOf(part);
      const list = listOf(input);
      const url = by.getAttribute("formaction") || by.form.getAttribute("action") || location.href;
      const { answered, stopped, request } =
        await post(url, partsOf(part, by, input, file), { title: file.name, list, input });
      if (stopped) continue;
      const ok = answered && request.status < 500 && request.status !== 413;
      const page = ok && new DOMParser().parseFromString(request.responseText, "text/html");
      const renewed = page && renew(part, page);
      if (!renewed) {
        if (ok && part.isConnected && page.getElementById(part.id)) { arrived.push(file.name); break; }
        why = ok ? outside : went;
        left.push(...files.slice(place));
        break;
      }
      input = renewed;
      if (request.status >= 400) refused.push(reasonIn(part) || `${file.name}: 올리지 못했습니다.`);
      else arrived.push(file.name);
    }
    if (input.isConnected) {
      choose(input, left);
      const list = listOf(input);
      list.replaceChildren();
      for (const words of refused) if (part.querySelector(".field__error") === null || refused.length > 1) line(list, words, "field__error");
      if (left.length) {
        const item = line(list, `${left.map((file) => file.name).join(", ")}: ${why} `, "field__error");
        item.append(button("다시 보내기", () => sendAll(part, input)), button("빼기", () => clear(input)));
      }
      input.setCustomValidity("");
      if (!document.activeElement || document.activeElement === document.body) input.focus({ preventScroll: true });
    }
    say([arrived.length ? `${arrived.join(", ")} 올렸습니다.` : "", ...refused, left.length ? why : ""].filter(Boolean).join(" "));
    const next = waiting;
    waiting = null;
    if (next && next.form.isConnected && !left.length && !refused.length) next.form.requestSubmit(next.by?.isConnected ? next.by : undefined);
  };

  // With scripts the file goes when it is chosen: its button would send nothing.
  const prepare = (part) => {
    const by = senderOf(part);
    if (by && !part.querySelector("[data-upload-needs]")) by.hidden = true;
  };
  for (const part of document.querySelectorAll("[data-upload]")) prepare(part);

  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!input.matches?.(".field input[type=file]")) return;
    const part = input.closest("[data-upload]");
    if (!show(input) || !input.files.length || !part || sending) return;
    const gaps = needed(part);
    if (!gaps.length) return void sendAll(part, input);
    gaps[0].focus();
    say("고른 파일을 올리려면 나머지 항목도 입력하세요.");
  });

  // ---- Other forms with files: sent as they are, with progress, and kept when they are refused ----

  const sendForm = async (form, by) => {
    const chosen = inputs().filter((one) => one.form === form && one.files.length);
    const held = chosen.map((one) => [one.id, [...one.files]]);
    const data = new FormData(form, by || undefined);
    const count = held.flatMap(([, files]) => files);
    const title = count.length > 1 ? `파일 ${count.length}개` : count[0].name;
    const list = listOf(chosen[0]);
    const url = by?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    const { answered, stopped, request } = await post(url, data, { title, list, input: chosen[0] });
    if (!answered || request.status === 413 || request.status >= 500) {
      if (stopped) return say("취소했습니다. 고른 파일은 그대로 있습니다.");
      const words = request.status === 413 ? "파일이 모두 합해 너무 큽니다. 나누어 보내 주세요." : went;
      line(list, words, "field__error");
      return say(words);
    }
    leaving = true;
    if (request.responseURL) history.replaceState(null, "", request.responseURL);
    document.open();
    document.write(request.responseText);
    document.addEventListener("DOMContentLoaded", () => {
      for (const [id, files] of request.status >= 400 ? held : []) {
        const input = document.getElementById(id);
        if (!input) continue;
        choose(input, files);
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
    document.close();
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (sending) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!event.submitter?.hasAttribute("data-upload-button")) waiting = { form, by: event.submitter };
      return say("파일을 올리는 중입니다. 끝나면 이어서 보냅니다.");
    }
    const left = unsent(form);
    if (left.length && !told) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return tell(left);
    }
    leaving = true;
    setTimeout(() => { leaving = !event.defaultPrevented; });
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const own = inputs().filter((one) => one.form === form && one.files.length);
    const apart = form.enctype !== "multipart/form-data" || form.matches("[data-autosave]") || form.target;
    if (event.defaultPrevented || !own.length || apart || own.some((one) => one.closest("[data-upload]"))) return;
    event.preventDefault();
    leaving = false;
    sendForm(form, event.submitter);
  });
  document.querySelector("main")?.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.target === "_blank" || link.hash && link.pathname === location.pathname) return;
    const left = unsent();
    if (!left.length || event.ctrlKey || event.metaKey) return;
    if (told && !sending) leaving = true;
    else {
      event.preventDefault();
      tell(left);
    }
  });
  window.addEventListener("beforeunload", (event) => {
    if ((unsent().length || sending) && !leaving) event.preventDefault();
  });
})();
