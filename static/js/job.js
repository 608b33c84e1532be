// Asks how a background job is doing and reloads the page once it has ended.
(() => {
  const ENDED = ["done", "parked", "cancelled"];

  const watch = (box) => {
    const bar = box.querySelector("progress");
    const text = box.querySelector("[data-job-text]");
    const label = bar.getAttribute("aria-label");
    const ask = async () => {
      let wait = 1000;
      try {
        const answer = await fetch(box.dataset.jobUrl, { headers: { Accept: "application/json" } });
        if (answer.redirected || [401, 403, 404].includes(answer.status)) {
          text.textContent = `${label}: 진행 상황을 볼 수 없습니다. 다시 로그인하세요.`;
          return;
        }
        if (!answer.ok) throw new Error(String(answer.status));
        const job = await answer.json();
        const count = job.total ? ` (${job.done} / ${job.total})` : "";
        const stage = job.stage ? ` · ${job.stage}` : "";
        const words = `${job.label || label}: ${job.state_label}${count}${stage}`;
        if (text.textContent !== words) text.textContent = words;
        if (job.total) {
          bar.max = job.total;
          bar.value = job.done;
        }
        if (ENDED.includes(job.state)) {
          window.location.reload();
          return;
        }
      } catch {
        text.textContent = `${label}: 연결을 기다리고 있습니다.`;
        wait = 5000;
      }
      setTimeout(ask, wait);
    };
    setTimeout(ask, 1000);
  };

  document.querySelectorAll("[data-job-url]").forEach(watch);
})();
