// Random unique identifiers.

/**
 * 128 random bits. `crypto.randomUUID` is not available to a page over plain HTTP from another machine.
 */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
