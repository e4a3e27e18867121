const grid = $('#grid');

function show() {
  const category = $('#category').value, sort = $('#sort').value, words = $('#search').value.trim().toLowerCase();
  let found = PRODUCTS.filter((p) => (!category || p.category === category)
    && (!words || (p.name + ' ' + p.glaze.join(' ') + ' ' + p.category).toLowerCase().includes(words)));
  if (sort) found = [...found].sort((a, b) => (sort === 'low' ? a.price - b.price : b.price - a.price));
  grid.innerHTML = found.map((p) => `<li class="card"><a href="item.html?id=${p.id}">
    <span class="photo"><img src="img/${p.id}-a.webp" alt="${p.name}" width="720" height="720" loading="lazy"><img class="other" src="img/${p.id}-b.webp" alt="" width="720" height="720" loading="lazy"></span>
    <span class="name">${p.name}</span><span class="price">${money(p.price)}</span><span class="quiet">${p.glaze.length > 1 ? p.glaze.length + ' glazes' : p.glaze[0]}</span></a>
    <button class="quick" data-id="${p.id}" aria-label="Add ${p.name} to the basket">Add to basket</button></li>`).join('');
  $('#none').hidden = found.length > 0;
}

for (const id of ['#category', '#sort']) {
  $(id).addEventListener('change', (event) => { show(); track('Filter List', { by: id.slice(1), value: event.target.value || 'everything' }); });
}
let typing;
$('#search').addEventListener('input', () => {
  show();
  clearTimeout(typing);
  typing = setTimeout(() => track('Search', { results: grid.children.length }), 700);
});
grid.addEventListener('click', (event) => {
  const button = event.target.closest('.quick');
  if (!button) return;
  basket.add(button.dataset.id, product(button.dataset.id).glaze[0], 1);
  toast(`${product(button.dataset.id).name} is in your basket. <a href="cart.html">See basket</a>`);
});
$('#letter').addEventListener('submit', (event) => {
  event.preventDefault();
  event.target.innerHTML = '<p class="done">Thank you. You will hear from us in spring.</p>';
  track('Newsletter');
});
show();
