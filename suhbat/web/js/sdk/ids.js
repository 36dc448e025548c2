// Names that nobody else has.

/**
 * 128 random bits. Not `crypto.randomUUID`: a page that came over plain HTTP from another machine does not
 * have it.
 */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
