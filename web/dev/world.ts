/** The shop that the made-up API tells of: its events, their properties, and the values of these. */
import { type Json, luck } from './answer';

export const DAY = 86_400_000;

export interface Described {
  description: string | null;
  hidden: boolean;
}

/** Events and how many of them there are a day. */
export const EVENTS: [event: string, a_day: number, description: string | null][] = [
  ['$mp_web_page_view', 940, 'A page was opened.'],
  ['View Item', 410, 'Someone looked at the page of an item.'],
  ['Search', 230, null],
  ['Add to Cart', 164, 'An item was put into the cart, from its page or from the list.'],
  ['Sign Up', 48, null],
  ['Checkout', 61, 'The order was paid.'],
  ['Coupon Refused', 22, 'The coupon was unknown, or too old.'],
  ['$mp_rage_click', 17, null],
  ['Order Shipped', 44, 'Sent by the warehouse’s server.'],
  ['debug_ping', 8, 'Old test event. Nobody needs it.'],
];

export const PROPERTIES: Record<string, { types: string[]; share: number; values: unknown[] }> = {
  $browser: {
    types: ['string'],
    share: 0.98,
    values: ['Chrome', 'Safari', 'Firefox', 'Microsoft Edge', 'Mobile Safari'],
  },
  $os: { types: ['string'], share: 0.98, values: ['Windows', 'Mac OS X', 'iOS', 'Linux'] },
  $current_url: {
    types: ['string'],
    share: 0.9,
    values: ['https://shop.example/', 'https://shop.example/cart', 'https://shop.example/pay'],
  },
  $city: { types: ['string'], share: 0.7, values: ['Gothenburg', 'Lisbon', 'Turin', 'Osaka'] },
  item: { types: ['string'], share: 0.6, values: ['Harbor mug', 'Dune bowl', 'Winter vase'] },
  category: { types: ['string'], share: 0.55, values: ['Mugs', 'Bowls', 'Vases', 'Plates'] },
  price: { types: ['number', 'string'], share: 0.5, values: [18, 24, 32, 58, 120] },
  quantity: { types: ['number'], share: 0.4, values: [1, 2, 3] },
  coupon: { types: ['string'], share: 0.08, values: ['WINTER', 'HELLO10'] },
  gift: { types: ['boolean'], share: 0.2, values: [true, false] },
  items: { types: ['list'], share: 0.12, values: [] },
  delivery_date: { types: ['datetime'], share: 0.1, values: ['2026-11-28', '2026-11-30'] },
};

export const PROFILE: typeof PROPERTIES = {
  $name: { types: ['string'], share: 0.77, values: [] },
  $email: { types: ['string'], share: 0.77, values: [] },
  $city: { types: ['string'], share: 0.8, values: ['Gothenburg', 'Lisbon', 'Turin', 'Osaka'] },
  plan: { types: ['string'], share: 0.6, values: ['Free', 'Pro', 'Studio'] },
  orders: { types: ['number'], share: 0.6, values: [0, 1, 2, 3, 7] },
  newsletter: { types: ['boolean'], share: 0.5, values: [true, false] },
  favourites: { types: ['list'], share: 0.3, values: [] },
};

/** What people wrote about events and properties in this run; by kind and name. */
export const lexicon = new Map<string, Described>();

export function describe(kind: string, name: string): Described {
  const made = EVENTS.find(([event]) => event === name);
  return (
    lexicon.get(`${kind}\n${name}`) ?? {
      description: kind === 'event' ? (made?.[2] ?? null) : null,
      hidden: kind === 'event' && name === 'debug_ping',
    }
  );
}

export const aDay = (event: string) => EVENTS.find(([name]) => name === event)?.[1] ?? 0;

/** What someone's event of this name might carry. */
export function properties(event: string, seed: unknown): Json {
  const found: Json = {};
  for (const [name, { values, share }] of Object.entries(PROPERTIES))
    if (values.length > 0 && luck(event, seed, name) < share)
      found[name] = values[Math.floor(luck(seed, name) * values.length)];
  return found;
}
