export interface QueueEntry {
  readonly key: number;
  readonly item: number;
}

/** Binary heap of (key, item); equal keys leave in the order of their items, so that runs repeat. */
export class MinQueue {
  private readonly keys: number[] = [];
  private readonly items: number[] = [];

  push(key: number, item: number): void {
    let at = this.items.length;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!before(key, item, this.keys[up], this.items[up])) break;
      this.keys[at] = this.keys[up];
      this.items[at] = this.items[up];
      at = up;
    }
    this.keys[at] = key;
    this.items[at] = item;
  }

  /** Removes the entry with the least key; null when empty. */
  pop(): QueueEntry | null {
    const size = this.items.length - 1;
    if (size < 0) return null;
    const top = { key: this.keys[0], item: this.items[0] };
    const key = this.keys.pop() as number;
    const item = this.items.pop() as number;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= size) break;
      const right = down + 1;
      if (right < size && before(this.keys[right], this.items[right], this.keys[down], this.items[down]))
        down = right;
      if (!before(this.keys[down], this.items[down], key, item)) break;
      this.keys[at] = this.keys[down];
      this.items[at] = this.items[down];
      at = down;
    }
    this.keys[at] = key;
    this.items[at] = item;
    return top;
  }
}

function before(aKey: number, aItem: number, bKey: number, bItem: number): boolean {
  return aKey < bKey || (aKey === bKey && aItem < bItem);
}
