// Filters the list of places. Without it, all of them are shown.
(() => {
  const places = [...document.querySelectorAll(".place")];
  const tiles = [...document.querySelectorAll(".tile")];
  const words = document.querySelector("#words");
  const page = document.querySelector("#page");
  const shown = document.querySelector("#shown");
  const empty = document.querySelector("#empty");
  const texts = places.map((place) => place.textContent.toLowerCase());
  let status = document.body.dataset.first;

  function show() {
    const asked = words.value.trim().toLowerCase();
    let count = 0;
    places.forEach((place, at) => {
      const fits = (!status || place.dataset.status === status) && (!page.value || place.dataset.page === page.value) && (!asked || texts[at].includes(asked));
      place.hidden = !fits;
      place.classList.toggle("first", fits && count === 0);
      if (fits) count++;
    });
    for (const tile of tiles) tile.setAttribute("aria-pressed", String(tile.dataset.status === status));
    shown.textContent = count === places.length ? `${count.toLocaleString()} places` : `${count.toLocaleString()} of ${places.length.toLocaleString()} places`;
    empty.hidden = count > 0;
  }
  for (const tile of tiles)
    tile.addEventListener("click", () => {
      status = status === tile.dataset.status ? "" : tile.dataset.status;
      show();
    });
  words.addEventListener("input", show);
  page.addEventListener("change", show);
  document.querySelector(".tools").hidden = false;
  show();
})();
