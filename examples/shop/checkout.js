const form = $('#order'), sum = basket.total() + (basket.total() >= 80 ? 0 : 7.5);
$('#lines').innerHTML = basket.lines().map((l) => { const p = product(l.id); return `<li><img src="img/${p.id}-a.webp" alt="" width="56" height="56"><div>${l.quantity} × ${p.name}<p class="quiet">${l.glaze}</p></div><strong>${money(p.price * l.quantity)}</strong></li>`; }).join('');
$('#total').textContent = money(sum);
track('Checkout', { total: sum, items: basket.count() });

// ---- the gift note (contenteditable) and the preview of its card. The canvas shows what was typed, so it is blocked (rr-block)
function drawCard() {
  const c = $('#card').getContext('2d');
  c.fillStyle = '#f3ead9'; c.fillRect(0, 0, 640, 360);
  c.strokeStyle = '#a8492c'; c.lineWidth = 2; c.strokeRect(18, 18, 604, 324);
  c.fillStyle = '#a8492c'; c.beginPath(); c.arc(320, 74, 22, 0, Math.PI * 2); c.fill();
  c.fillStyle = '#f3ead9'; c.fillRect(296, 50, 48, 14);
  c.fillStyle = '#24211d'; c.font = 'italic 26px Inter, system-ui, sans-serif'; c.textAlign = 'center';
  const words = ($('#note').innerText.trim() || 'Your words, on thick paper').split(/\s+/), lines = [''];
  for (const word of words) {
    if (c.measureText(lines.at(-1) + ' ' + word).width > 520) lines.push('');
    lines[lines.length - 1] = (lines.at(-1) + ' ' + word).trim();
  }
  lines.slice(0, 5).forEach((line, i) => c.fillText(line, 320, 150 + i * 38));
}
$('#gift').addEventListener('change', (event) => { $('#gift-part').hidden = !event.target.checked; drawCard(); });
$('#note').addEventListener('input', drawCard);

// ---- card fields
form.cardnumber.addEventListener('input', (event) => { event.target.value = event.target.value.replace(/\D/g, '').replace(/(.{4})(?=.)/g, '$1 ').slice(0, 19); });
form.exp.addEventListener('input', (event) => { event.target.value = event.target.value.replace(/\D/g, '').replace(/^(\d\d)(\d)/, '$1 / $2').slice(0, 7); });

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const missing = [...form.elements].filter((el) => el.willValidate && !el.checkValidity());
  for (const el of form.elements) el.classList?.toggle('bad', missing.includes(el));
  $('#wrong').hidden = !missing.length;
  if (missing.length) {
    $('#wrong').textContent = missing.length === 1 ? 'One field is still missing.' : `${missing.length} fields are still missing.`;
    missing[0].focus();
    track('Checkout Refused', { missing: missing.length });
    return;
  }
  $('#pay').disabled = true;
  $('#pay').textContent = 'One moment…';
  track('Purchase', { total: sum, items: basket.count(), gift: $('#gift').checked });
  write('order', { total: sum, lines: basket.lines() });
  setTimeout(() => { basket.save([]); location.href = 'thanks.html'; }, 900);
});
