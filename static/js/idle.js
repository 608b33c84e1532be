// Staff who are away for long are signed out. Said in time, while what was typed can still be saved;
// whoever types is not away.
(() => {
  const box = document.querySelector("[data-idle-seconds]");
  const limit = Number(box.dataset.idleSeconds) * 1000;
  const warning = Number(box.dataset.idleWarning) * 1000;
  const KEY = "staff-seen"; // one time for all tabs
  const words = box.querySelector("[data-idle-words]");
  const stay = box.querySelector("button");

  const note = () => localStorage.setItem(KEY, String(Date.now()));
  const left = () => Number(localStorage.getItem(KEY)) + limit - Date.now();

  const show = () => {
    const rest = left();
    box.hidden = rest > warning;
    stay.hidden = rest <= 0;
    if (box.hidden) return;
    words.textContent = rest > 0
      ? `${Math.ceil(rest / 60000)}분 뒤에 로그인이 끝납니다. 적던 내용이 있으면 저장하거나 ‘계속 작업하기’를 누르세요.`
      : "오래 쓰지 않아 로그인이 끝났습니다. 적던 내용은 이 화면에 남아 있습니다. 저장을 누르면 다시 로그인한 뒤 이어서 보낼 수 있습니다.";
  };

  const ask = async () => {
    try {
      const answer = await fetch("/account/may-upload/", { cache: "no-store" });
      if (answer.ok) note();
    } catch {
      // not reached: the time goes on
    }
    show();
  };

  note();
  show();
  setInterval(show, 5000);
  stay.addEventListener("click", ask);
  document.addEventListener("input", () => {
    const rest = left();
    if (rest > 0 && rest < limit - warning) ask();
  });
})();
