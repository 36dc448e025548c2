// Unique identifiers.

/**
 * The time in milliseconds and 80 random bits, in hexadecimal digits. Identifiers that ascend with the time are stored
 * next to each other, which costs the server less than random ones. `crypto.randomUUID` is not available to a page
 * over plain HTTP from another machine.
 */
export function newId() {
  const random = crypto.getRandomValues(new Uint8Array(10));
  const time = Date.now().toString(16).padStart(12, "0");
  return time + Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
