/** A request's body, bounded while it is read: what `Content-Length` says is only believed where it is too much. */

/** @returns null where there is more than `limit` bytes */
export async function readBody(request: Request, limit: number): Promise<Uint8Array | null> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) return null;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.byteLength;
    if (length > limit) {
      await reader?.cancel();
      return null;
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

/** @returns undefined where it is too large or no JSON */
export async function readJson(request: Request, limit: number): Promise<unknown> {
  const body = await readBody(request, limit);
  try {
    return body ? JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) : undefined;
  } catch {
    return undefined;
  }
}
