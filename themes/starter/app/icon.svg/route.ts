/** The shop's first letter in its colour, where the merchant has no icon. */
import { hex, inkOn, parseColor } from "@/config/colors";
import { shop } from "@/config/shop";

export const dynamic = "force-static";
export const revalidate = 60;

export async function GET(): Promise<Response> {
  const { name, theme } = await shop();
  const ground = parseColor(theme.colors.primary) ?? [31, 79, 70];
  const letter = ([...name].find((character) => /\p{L}|\p{N}/u.test(character)) ?? "·").toUpperCase();
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="${hex(ground)}"/>` +
    `<text x="32" y="44" font-family="Georgia,serif" font-size="36" text-anchor="middle" fill="${hex(inkOn(ground))}">` +
    `${letter}</text></svg>`;
  return new Response(svg, { headers: { "Content-Type": "image/svg+xml" } });
}
