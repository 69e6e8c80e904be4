// What this phone keeps of a member, in IndexedDB: the key of the card, and the last answers with their moment. Signing out wipes all of it.
// Where a browser keeps nothing, it stands in memory until the page is left.

let database: Promise<IDBDatabase> | null = null;
const here = new Map<string, unknown>();

function opened(): Promise<IDBDatabase> {
  database ??= new Promise((done, failed) => {
    const asked = indexedDB.open("jifen-member", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("kept");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error ?? new Error("no database"));
  });
  return database;
}

async function within<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const room = (await opened()).transaction("kept", mode);
  const asked = ask(room.objectStore("kept"));
  return new Promise((done, failed) => {
    room.oncomplete = () => done(asked.result);
    room.onabort = room.onerror = () => failed(room.error ?? new Error("not kept"));
  });
}

export async function keep(name: string, value: unknown): Promise<void> {
  here.set(name, value);
  await within("readwrite", (store) => store.put(value, name)).catch(() => undefined);
}

export async function kept<T>(name: string): Promise<T | null> {
  if (here.has(name)) return here.get(name) as T;
  const found: unknown = await within("readonly", (store) => store.get(name) as IDBRequest<unknown>).catch(() => undefined);
  return (found as T | undefined) ?? null;
}

/** Nothing of the member is left on this phone. */
export async function wipe(): Promise<void> {
  here.clear();
  await within("readwrite", (store) => store.clear()).catch(() => undefined);
}
