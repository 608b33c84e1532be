// Keeps the words of {% countdown %} fresh. The server's clock counts: only its distance to the
// deadline is taken, never this machine's time of day.
(() => {
  const words = (left) => {
    if (left <= 0) return "접수가 마감되었습니다";
    const seconds = Math.floor(left / 1000);
    const days = Math.floor(seconds / 86400);
    const hours = Math.floor((seconds % 86400) / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    if (days) return `마감까지 ${days}일 ${hours}시간 남았습니다`;
    if (hours) return `마감까지 ${hours}시간 ${minutes}분 남았습니다`;
    return `마감까지 ${minutes}분 ${seconds % 60}초 남았습니다`;
  };

  const opened = performance.now();
  const clocks = [...document.querySelectorAll("[data-countdown]")].map((element) => ({
    text: element.querySelector("[data-countdown-text]"),
    left: Date.parse(element.dataset.countdown) - Date.parse(element.dataset.now),
  }));
  const tick = () => {
    for (const clock of clocks) {
      const now = words(clock.left - (performance.now() - opened));
      if (clock.text && clock.text.textContent !== now) clock.text.textContent = now;
    }
  };
  if (clocks.length) setInterval(tick, 1000);
})();
