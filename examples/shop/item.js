const item = product(new URLSearchParams(location.search).get('id')) || PRODUCTS[0];
let glaze = item.glaze[0], quantity = 1;

document.title = item.name + ' · Loam';
for (const id of ['name', 'category', 'text']) $('#' + id).textContent = item[id];
$('#crumb').textContent = item.name;
$('#price').textContent = money(item.price);

// ---- photos and video
const views = [`<img src="img/${item.id}-a.webp" alt="${item.name}, from the front" width="720" height="720">`,
  `<img src="img/${item.id}-b.webp" alt="${item.name}, from above" width="720" height="720">`];
if (item.video) views.push('<video src="img/turntable.webm" width="400" height="400" muted loop playsinline controls></video>');
function look(n) {
  $('#stage').innerHTML = views[n];
  [...$('#thumbs').children].forEach((thumb, i) => thumb.setAttribute('aria-pressed', String(i === n)));
  const video = $('#stage video');
  if (video) { video.play().catch(() => {}); track('Play Video', about(item)); }
}
$('#thumbs').innerHTML = ['a', 'b'].map((v) => `<button type="button"><img src="img/${item.id}-${v}.webp" alt="" width="72" height="72"></button>`).join('')
  + (item.video ? '<button type="button" class="play" aria-label="Video">▶</button>' : '');
[...$('#thumbs').children].forEach((thumb, i) => thumb.addEventListener('click', () => look(i)));
look(0);

// ---- choices
const swatch = { 'Harbor blue': '#3f7fae', Chalk: '#ece7dd', Moss: '#56703f', Dune: '#d8bf92', Sage: '#a3b394', Ink: '#2b2a2c', Rust: '#8f3c20', Sky: '#a6bfcc', Blush: '#d9a18e', Tide: '#24486e' };
$('#glazes').innerHTML = item.glaze.map((g) => `<button type="button" class="chip" data-glaze="${g}"><i style="background:${swatch[g]}"></i>${g}</button>`).join('');
function choose(name) {
  glaze = name;
  for (const chip of $('#glazes').children) chip.setAttribute('aria-pressed', String(chip.dataset.glaze === name));
}
$('#glazes').addEventListener('click', (event) => event.target.closest('.chip') && choose(event.target.closest('.chip').dataset.glaze));
choose(glaze);
const count = (n) => { quantity = Math.min(12, Math.max(1, n)); $('#quantity').textContent = quantity; };
$('#less').onclick = () => count(quantity - 1);
$('#more').onclick = () => count(quantity + 1);
$('#add').onclick = () => {
  basket.add(item.id, glaze, quantity);
  toast(`${quantity} × ${item.name} in your basket. <a href="cart.html">See basket</a>`);
};

// ---- a drawing of its size, on a canvas
(function draw() {
  const c = $('#size').getContext('2d'), scale = Math.min(300 / item.tall, 420 / item.wide), w = item.wide * scale, h = item.tall * scale, x = 400 - w / 2, y = 350;
  c.fillStyle = '#faf7f2'; c.fillRect(0, 0, 800, 420);
  c.fillStyle = '#e2d3bf'; c.strokeStyle = '#a8492c'; c.lineWidth = 3;
  c.beginPath(); c.roundRect(x, y - h, w, h, [6, 6, Math.min(40, h / 3), Math.min(40, h / 3)]); c.fill(); c.stroke();
  c.strokeStyle = '#8a8175'; c.lineWidth = 1.5; c.fillStyle = '#24211d'; c.font = '26px Inter, system-ui, sans-serif'; c.textAlign = 'center';
  c.beginPath(); c.moveTo(x, y + 20); c.lineTo(x + w, y + 20); c.moveTo(x, y + 12); c.lineTo(x, y + 28); c.moveTo(x + w, y + 12); c.lineTo(x + w, y + 28); c.stroke();
  c.fillText(item.wide + ' cm', 400, y + 54);
  c.beginPath(); c.moveTo(x - 24, y); c.lineTo(x - 24, y - h); c.moveTo(x - 32, y); c.lineTo(x - 16, y); c.moveTo(x - 32, y - h); c.lineTo(x - 16, y - h); c.stroke();
  c.textAlign = 'right'; c.fillText(item.tall + ' cm', x - 44, y - h / 2 + 9);
  if (item.holds) { c.textAlign = 'left'; c.fillText('holds ' + item.holds, x + w + 24, y - h / 2 + 9); }
})();

$('#others').innerHTML = PRODUCTS.filter((p) => p !== item).slice(0, 4).map((p) => `<li class="card"><a href="item.html?id=${p.id}"><span class="photo"><img src="img/${p.id}-a.webp" alt="${p.name}" width="720" height="720" loading="lazy"></span>
  <span class="name">${p.name}</span><span class="price">${money(p.price)}</span></a></li>`).join('');
track('View Item', about(item));
