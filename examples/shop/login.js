const account = $('#account');
let isNew = new URLSearchParams(location.search).has('new');

function show() {
  const words = isNew ? ['Make an account', 'Been here before?', 'Log in'] : ['Log in', 'New here?', 'Make an account'];
  $('#title').textContent = $('#send').textContent = words[0];
  $('#ask').textContent = words[1];
  $('#swap').textContent = words[2];
  $('#name-row').hidden = !isNew;
}
$('#swap').onclick = () => { isNew = !isNew; show(); };
account.addEventListener('submit', (event) => {
  event.preventDefault();
  const email = account.email.value.trim(), known = read('people', {});
  const name = account.elements.name.value.trim() || known[email] || email.split('@')[0].split(/[._]/).map((w) => w[0].toUpperCase() + w.slice(1)).join(' ');
  write('people', { ...known, [email]: name });
  write('person', { name, email });
  identify({ name, email }, isNew ? 'Sign Up' : 'Log In');
  setTimeout(() => { location.href = basket.count() ? 'cart.html' : 'index.html'; }, 500);
});
show();
