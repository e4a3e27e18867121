const VOUCHERS = [{ code: 'WELCOME10', discount: { percent: 10 } }, { code: 'SPRING', amount: 5 }];

function show() {
  const lines = basket.lines();
  $('#full').hidden = !lines.length;
  $('#empty').hidden = lines.length > 0;
  $('#lines').innerHTML = lines.map((l, i) => { const p = product(l.id); return `<li><a href="item.html?id=${p.id}"><img src="img/${p.id}-a.webp" alt="" width="96" height="96"></a>
    <div><a class="name" href="item.html?id=${p.id}">${p.name}</a><p class="quiet">${l.glaze}</p><button class="link" data-remove="${i}">Remove</button></div>
    <select data-line="${i}" aria-label="Quantity of ${p.name}">${[1, 2, 3, 4, 5, 6, 8, 10, 12].map((n) => `<option${n === l.quantity ? ' selected' : ''}>${n}</option>`).join('')}</select>
    <strong>${money(p.price * l.quantity)}</strong></li>`; }).join('');
  const pots = basket.total(), post = pots >= 80 ? 0 : 7.5;
  $('#pots').textContent = money(pots);
  $('#post').textContent = post ? money(post) : 'free';
  $('#total').textContent = money(pots + post);
}

$('#lines').addEventListener('click', (event) => {
  const n = event.target.dataset.remove;
  if (n === undefined) return;
  const lines = basket.lines(), [gone] = lines.splice(Number(n), 1);
  basket.save(lines); show();
  track('Remove from Cart', about(product(gone.id)));
});
$('#lines').addEventListener('change', (event) => {
  const lines = basket.lines();
  lines[Number(event.target.dataset.line)].quantity = Number(event.target.value);
  basket.save(lines); show();
});

$('#voucher').addEventListener('submit', (event) => {
  event.preventDefault();
  const code = event.target.code.value.trim();
  track('Apply Voucher', { known: VOUCHERS.some((v) => v.code === code.toUpperCase()) });
  applyVoucher(code);
});
// The shop's bug, on purpose: codes are looked up as they were typed and a miss is not handled, and the one that is found
// has no `rate`. Either way this throws, nothing happens on the page, and visitors click again and again.
function applyVoucher(code) {
  const voucher = VOUCHERS.find((v) => v.code === code);
  const off = basket.total() * voucher.discount.rate.of(100);
  $('#off').textContent = '−' + money(off);
  $('#off-row').hidden = false;
}
show();
