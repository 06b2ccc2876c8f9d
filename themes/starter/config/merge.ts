/** A config is any JSON that its schema let through, perhaps of an older version of the theme. */

/**
 * `given` where it is of the same kind as `fallback`, key by key; what `fallback` does not name is kept as it is.
 * So whoever reads the result by its type finds what the type says.
 */
export function merged<T>(fallback: T, given: unknown): T {
  if (!isObject(fallback)) return sameKind(fallback, given) ? (given as T) : fallback;
  if (!isObject(given)) return fallback;
  const names = new Set([...Object.keys(fallback), ...Object.keys(given)]);
  const entries = [...names].map((name) => {
    const own = fallback[name];
    return [name, name in fallback ? merged(own, given[name]) : given[name]];
  });
  return Object.fromEntries(entries) as T;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sameKind(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && Array.isArray(one) === Array.isArray(other) && other !== null;
}
