/**
 * A CSS selector for an element of a recorded page, for a privacy rule: short, readable, and with as little of the
 * page's structure in it as finds the element, so that the rule outlives the next deployment.
 *
 * Only what a masked recording keeps is used: tag, id and class names.
 */

/** Names made by build tools and frameworks change with every build: `css-1x2y3z`, `Button_root__a8Xk2`, `:r1:`. */
const GENERATED =
  /^(css|sc|jss|svelte|emotion|data-v)-|__[A-Za-z0-9_-]{5,}$|^:.*:$|\d{3,}|[a-z]\d[a-z]\d/i;
/** Written into the page by the player, or a state that comes and goes. */
const NOT_THE_PAGES =
  /^(rrweb-|rr_|:hover$|\\:hover$|active$|hover$|focus$|open$|selected$|is-|has-)/;

export function selectorFor(element: Element): string {
  const { ownerDocument: document } = element;
  const finds = (selector: string) => {
    const found = document.querySelectorAll(selector);
    return found.length === 1 && found[0] === element;
  };
  let path = '';
  for (
    let at: Element | null = element;
    at !== null && at !== document.documentElement;
    at = at.parentElement
  ) {
    const name = nameOf(at);
    const named = path === '' ? name : `${name} ${path}`;
    if (finds(named)) return named;
    const placed = `${name}${placeOf(at)}`;
    path = path === '' ? placed : `${placed} > ${path}`;
    if (finds(path)) return path;
  }
  return path;
}

function nameOf(element: Element): string {
  const tag = CSS.escape(element.localName);
  if (usable(element.id)) return `#${CSS.escape(element.id)}`;
  const classes = [...element.classList].filter(usable).slice(0, 2);
  return classes.length > 0 ? classes.map((name) => `.${CSS.escape(name)}`).join('') : tag;
}

const usable = (name: string) => name !== '' && !GENERATED.test(name) && !NOT_THE_PAGES.test(name);

/** `:nth-of-type(n)`, where its parent has others of its tag. */
function placeOf(element: Element): string {
  const alike = [...(element.parentElement?.children ?? [])].filter(
    (one) => one.localName === element.localName,
  );
  return alike.length > 1 ? `:nth-of-type(${alike.indexOf(element) + 1})` : '';
}
