/** Colours that can be read on one another, by WCAG 2.2. */

type Rgb = [number, number, number];

/** The contrast of normal text, level AA. */
export const AA = 4.5;

/** `#abc`, `#aabbcc`, with an opacity too, which is left out; undefined for anything else. */
export function parseColor(text: string | undefined): Rgb | undefined {
  const digits = /^#([0-9a-f]{3,8})$/i.exec(text ?? "")?.[1];
  if (!digits || ![3, 4, 6, 8].includes(digits.length)) return undefined;
  const long = digits.length < 6 ? [...digits].map((digit) => digit + digit).join("") : digits;
  return [0, 2, 4].map((at) => parseInt(long.slice(at, at + 2), 16)) as Rgb;
}

export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** `color`, moved towards black or white as little as it takes to be read on each of `grounds`. */
export function legible(color: Rgb, grounds: Rgb[], least = AA): Rgb {
  const worst = (candidate: Rgb) => Math.min(...grounds.map((ground) => contrast(candidate, ground)));
  const goal: Rgb = luminance(grounds[0] ?? [255, 255, 255]) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share < 1; share += 0.05) {
    const candidate = color.map((part, index) => Math.round(part + (goal[index]! - part) * share)) as Rgb;
    if (worst(candidate) >= least) return candidate;
  }
  return goal;
}

/** Black or white, whichever is read better on `ground`. */
export function inkOn(ground: Rgb): Rgb {
  const [black, white]: [Rgb, Rgb] = [
    [17, 20, 19],
    [255, 255, 255],
  ];
  return contrast(white, ground) >= contrast(black, ground) ? white : black;
}

export function hex(color: Rgb): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
