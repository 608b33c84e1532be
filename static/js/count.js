// Counts the characters of an essay while it is typed. The server counts when the page is made.
(() => {
  for (const place of document.querySelectorAll("[data-count]")) {
    const text = document.getElementById(place.dataset.count);
    if (!text) continue;
    const most = Number(place.dataset.most);
    const show = () => {
      const length = [...text.value].length;
      place.textContent = `${length.toLocaleString("ko-KR")}자 / ${most.toLocaleString("ko-KR")}자`;
      place.classList.toggle("is-over", length > most);
    };
    text.addEventListener("input", show);
    show();
  }
})();
