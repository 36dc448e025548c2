// The data that a browser stores between visits, in IndexedDB: the state of the chat, the newest messages, unsent
// messages, and files that are being sent. All of it is a copy or will be sent again. If the browser offers no database
// (private windows), the data stays in memory.

const NAME = "suhbat";
const STORES = /** @type {const} */ (["state", "messages", "pending"]);
/**
 * Files have a database of their own: a new store in the other one would have to wait until all tabs of an older
 * version of the page are closed.
 */
const FILES = "suhbat-files";
const FILE_STORES = /** @type {const} */ (["files", "bytes"]);

/** @typedef {typeof STORES[number] | typeof FILE_STORES[number]} StoreName */

export class Database {
  /** @type {IDBDatabase | null} */
  #db;

  /** @param {IDBDatabase | null} db */
  constructor(db) {
    this.#db = db;
  }

  /** Open the database of one server and one account. Accounts do not share stored data. @param {string} owner */
  static open(owner) {
    return Database.#open(`${NAME}:${owner}`, STORES);
  }

  /** The same for the files that are being sent. @param {string} owner */
  static openFiles(owner) {
    return Database.#open(`${FILES}:${owner}`, FILE_STORES);
  }

  /** @param {string} name @param {readonly StoreName[]} stores */
  static async #open(name, stores) {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
      return new Database(await finished(request));
    } catch {
      return new Database(null);
    }
  }

  /** Delete all stored data of an account. @param {string} owner */
  static forget(owner) {
    try {
      for (const name of [NAME, FILES]) indexedDB.deleteDatabase(`${name}:${owner}`);
    } catch {
      // The browser offers no database.
    }
  }

  /** @param {StoreName} store @param {string} key @returns {Promise<any>} */
  async get(store, key) {
    return this.#ask(store, "readonly", (objects) => objects.get(key));
  }

  /** @param {StoreName} store @returns {Promise<any[]>} */
  async all(store) {
    return (await this.#ask(store, "readonly", (objects) => objects.getAll())) ?? [];
  }

  /** @param {StoreName} store @param {string} key @param {unknown} value */
  async put(store, key, value) {
    await this.#ask(store, "readwrite", (objects) => objects.put(value, key));
  }

  /** @param {StoreName} store @param {string} key */
  async remove(store, key) {
    await this.#ask(store, "readwrite", (objects) => objects.delete(key));
  }

  /**
   * Change a record in one transaction, because another tab may change it too. `make` gets undefined for a new record.
   * @param {StoreName} store @param {string} key @param {(value: any) => unknown} make
   */
  async change(store, key, make) {
    await this.#ask(store, "readwrite", (objects) => {
      const found = objects.get(key);
      found.onsuccess = () => void objects.put(make(found.result), key);
      return found;
    });
  }

  /** Delete all records of a store. @param {StoreName} store */
  async clear(store) {
    await this.#ask(store, "readwrite", (objects) => objects.clear());
  }

  close() {
    this.#db?.close();
    this.#db = null;
  }

  /** @param {StoreName} store @param {IDBTransactionMode} mode @param {(objects: IDBObjectStore) => IDBRequest} ask */
  async #ask(store, mode, ask) {
    if (!this.#db) return undefined;
    try {
      return await finished(ask(this.#db.transaction(store, mode).objectStore(store)));
    } catch (error) {
      // The storage is full, or the browser removed it while the page was open. The chat goes on without it.
      console.warn("the browser's database failed", error);
      return undefined;
    }
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function finished(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
