/** Fits the recorded page into the window with its true proportions; phones and tablets get a frame. */
const LARGEST_SCALE = 1.5;
const PHONE_MAX_WIDTH = 520;

export interface Fit {
  scale: number;
  phone: boolean;
  bezel: number;
}

export function fit(
  page: { width: number; height: number },
  room: { width: number; height: number },
): Fit {
  const phone = page.width <= PHONE_MAX_WIDTH && page.height > page.width;
  const bezel = phone ? 10 : 0;
  const scale = Math.min(
    LARGEST_SCALE,
    (room.width - bezel * 2) / page.width,
    (room.height - bezel * 2) / page.height,
  );
  return { scale: Math.max(scale, 0.05), phone, bezel };
}
