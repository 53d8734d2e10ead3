// Turns the hall screen by itself: the next picture replaces this one, and what was last seen stays, with its time, while
// the server is away. Arrow keys and space do what the links do. Without script a refresh in the page turns it.
let timer = 0;

function follow() {
  clearTimeout(timer);
  const main = document.getElementById("main");
  if (!("paused" in main.dataset)) timer = setTimeout(() => turn(main.dataset.next), Number(main.dataset.seconds) * 1000);
}

async function turn(address) {
  const main = document.getElementById("main");
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    main.replaceWith(page.getElementById("main"));
    history.replaceState(null, "", address);
  } catch {
    const time = main.querySelector("[data-stale]");
    if (time && !time.textContent.startsWith(time.dataset.stale)) time.prepend(time.dataset.stale);
  }
  follow();
}

document.addEventListener("keydown", (event) => {
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  if (!link || event.target.closest("a, button")) return;
  event.preventDefault();
  turn(link.getAttribute("href"));
});
follow();
