// Segments: read from bytes, fetched in order, and kept. The format is described in packing.py.

const TYPES = { u1: Uint8Array, i4: Int32Array, f4: Float32Array };
const AHEAD = 3; // seconds of playing to fetch in advance
const PATIENCE = 8; // seconds after which a request that is not answered is made again

class Segment {
  constructor(buffer) {
    const view = new DataView(buffer);
    const size = view.getUint32(8, true);
    if (view.getUint32(0, false) !== 0x46494c4d || view.getUint32(4, true) !== 1) throw new Error("no segment");
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 12, size)));
    Object.assign(this, about); // texts, findings, told, last, diverged
    this.arrays = {};
    for (const [name, [type, shape, offset]] of Object.entries(about.arrays)) {
      const length = shape.reduce((product, n) => product * n, 1);
      this.arrays[name] = { values: new TYPES[type](buffer, 12 + size + offset, length), shape };
    }
    this.moments = this.told.length;
  }

  // The numbers of an array at a moment.
  at(name, m) {
    const { values, shape } = this.arrays[name];
    const size = shape.slice(1).reduce((product, n) => product * n, 1);
    return values.subarray(m * size, (m + 1) * size);
  }
}

// A film: its segments from the start on, as far as they are here, and the mini-batches of single epochs.
class Film {
  // load: place ("3", or "epoch/7") -> promise of a Segment; changed: called when there is more to show, or a problem.
  constructor(load, changed) {
    Object.assign(this, { load, changed, segments: [], starts: [], fine: new Map(), loading: new Set(), problem: "" });
    this.retryAt = 0;
  }

  get length() {
    const k = this.segments.length - 1;
    return k < 0 ? 0 : this.starts[k] + this.segments[k].moments;
  }

  get complete() {
    return this.segments.length > 0 && this.segments.at(-1).last;
  }

  // Where moment i is: its segment, and its place there.
  place(i) {
    let k = this.segments.length - 1;
    while (k > 0 && this.starts[k] > i) k--;
    return [this.segments[k], i - this.starts[k]];
  }

  figure(name, i) {
    const [segment, m] = this.place(i);
    return segment.arrays[name].values[m];
  }

  // The newest moment at a position in epochs: { segment, m, upTo }, with upTo the moment of the coarse track before it.
  moment(position, closely) {
    const last = this.length - 1;
    const i = Math.max(0, Math.min(last, Math.floor(position + 1e-6)));
    const fine = closely && this.fine.get(i);
    if (fine && fine.moments) {
      const epochs = fine.arrays.epoch.values;
      let m = -1;
      while (m + 1 < epochs.length && epochs[m + 1] <= position + 1e-4) m++;
      if (m >= 0) return { segment: fine, m, upTo: i };
    }
    const [segment, m] = this.place(i);
    return { segment, m, upTo: i };
  }

  // Fetch what will be seen soon.
  want(position, speed, closely) {
    if (!this.complete && this.length < position + 2 + AHEAD * speed) this.fetch(String(this.segments.length));
    const epoch = Math.floor(position + 1e-6);
    if (!closely || this.load.withoutBatches) return;
    for (const each of [epoch, epoch + 1]) {
      if (!this.fine.has(each) && each < this.length && !(this.complete && each >= this.length - 1)) {
        this.fetch(`epoch/${each}`);
      }
    }
    for (const each of this.fine.keys()) if (Math.abs(each - epoch) > 20) this.fine.delete(each);
  }

  async fetch(place) {
    if (this.loading.has(place) || performance.now() < this.retryAt) return;
    this.loading.add(place);
    try {
      const segment = await this.load(place);
      this.problem = "";
      if (this.closed) return;
      if (place.startsWith("epoch/")) this.fine.set(Number(place.slice(6)), segment);
      else if (Number(place) === this.segments.length) {
        this.starts.push(this.length);
        this.segments.push(segment);
      }
    } catch (error) {
      this.problem = error.sentence || "Waiting for the server.";
      this.unserved = Boolean(error.unserved);
      this.retryAt = performance.now() + 1000 * (error.later || 1);
    } finally {
      this.loading.delete(place);
      if (!this.closed) this.changed();
    }
  }

  // Another film that is the same up to a number of steps: what is here of it need not be fetched again.
  continued(load, steps) {
    const film = new Film(load, this.changed);
    this.closed = true;
    for (const [k, segment] of this.segments.entries()) {
      const all = segment.arrays.step?.values;
      if (!all || all.at(-1) > steps || segment.last) break;
      film.starts.push(this.starts[k]);
      film.segments.push(segment);
    }
    return film;
  }
}

// How a Film loads its segments over HTTP.
function overHttp(address, query) {
  return async (place) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), 1000 * PATIENCE);
    try {
      const answer = await fetch(`${address}${place}?${query}`, { signal: giveUp.signal });
      if (!answer.ok) {
        const later = Number(answer.headers.get("Retry-After")) || (answer.status < 500 ? 3600 : 1);
        const told = answer.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : "";
        // A host that runs the pages without the routes answers this address with a page, or not at all.
        throw Object.assign(new Error(), { sentence: told.slice(0, 300), later, unserved: !told && answer.status === 404 });
      }
      return new Segment(await answer.arrayBuffer());
    } finally {
      clearTimeout(timer);
    }
  };
}
