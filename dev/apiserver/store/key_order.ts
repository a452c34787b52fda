/** Keys in the order of lists. */

/** Where a key is in the sorted keys, or would be. */
export function keyIndex(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds a key that is not there yet. */
export function addKey(sorted: string[], key: string): void {
  sorted.splice(keyIndex(sorted, key), 0, key);
}

/** Removes a key that is there. */
export function removeKey(sorted: string[], key: string): void {
  sorted.splice(keyIndex(sorted, key), 1);
}

/** `default/name`, or `/name` for cluster-scoped objects: names hold no slash. */
export function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}
