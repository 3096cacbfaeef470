// The player: a clock over a film, with buttons, a timeline, the words of the moment, and the views that follow.

const SPEEDS = [[0.5, "½ epoch/s"], [2, "2 epochs/s"], [5, "5 epochs/s"], [20, "20 epochs/s"], [60, "60 epochs/s"], [1000, "Fastest"]];
const CLOSELY = 2; // epochs a second up to which single mini-batches are shown
const CHARTS = [5, 15]; // times a second that each chart follows: at least and at most
const SLOW = 22; // milliseconds of a frame from which on the charts follow less often
const LONGEST_FRAME = 0.25; // seconds: a browser that was busy, or hidden, goes on where it was
const STALLED = 700; // milliseconds of waiting after which it is said
const SETTLED = 250; // milliseconds without a change after which the moment that is seen is reported
const CURVE = 200; // points of a curve, at most
const CALM = 500; // milliseconds between two pictures where the visitor's system asks for less motion

class Player {
  // root: the element that holds the player; tell(name, what): reports an act of the visitor, or what is seen.
  constructor(root, tell) {
    this.root = root;
    this.tell = tell;
    this.position = 0; // in epochs; the whole part is a moment of the film
    this.playing = false;
    this.speed = 20;
    this.shown = "";
    this.frame = 16; // milliseconds between two frames, on average
    this.rate = CHARTS[1]; // times a second that each chart follows
    this.credit = 0; // charts that may be fed now
    this.build();
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  build() {
    const find = (name) => this.root.querySelector(`.film-${name}`);
    for (const name of ["play", "batch", "epoch", "reset", "seed", "line", "words", "headline"]) this[name] = find(name);
    for (const [speed, label] of SPEEDS) this.speedOption(speed, label);
    this.play.onclick = () => this.toggle();
    this.batch.onclick = () => this.stepBatch(1);
    this.epoch.onclick = () => this.go(Math.floor(this.position + 1e-6) + 1);
    this.reset.onclick = () => this.act("reset");
    this.seed.onclick = () => this.act("seed");
    this.root.querySelector(".film-speed").onchange = (event) => (this.speed = Number(event.target.value));
    this.line.oninput = () => this.go(Number(this.line.value));
    this.line.onkeydown = (event) => this.key(event);
  }

  speedOption(speed, label) {
    const option = document.createElement("option");
    option.value = speed;
    option.textContent = label;
    option.selected = speed === this.speed;
    this.root.querySelector(".film-speed").append(option);
  }

  // Show a film, from the start or, if it goes on from the one shown, where the viewer is.
  show(data) {
    const load = data.load || overHttp(data.address, data.query);
    const same = this.data && this.data.query === data.query;
    const before = this.data;
    this.data = data;
    if (!same) {
      const changed = () => this.refresh();
      if (this.film && before && data.goes_on_from === before.film) {
        this.film = this.film.continued(load, data.from_step);
      } else {
        if (this.film) this.film.closed = true;
        this.film = new Film(load, changed);
        this.position = 0;
        this.playing = this.playing && Boolean(data.play);
      }
      this.film.changed = changed;
      this.seenStep = null;
    }
    if (data.ask && data.ask !== this.answered) {
      this.answered = data.ask;
      this.tell("turned", { ask: data.ask, step: this.step });
    }
    this.shown = "";
    this.film.want(this.position, this.speed, this.closely);
    this.refresh();
  }

  get closely() {
    return this.speed <= CLOSELY || (!this.playing && this.position % 1 > 1e-4);
  }

  // The mini-batch that is seen.
  get step() {
    if (!this.film?.length) return 0;
    const { segment, m } = this.film.moment(this.position, true);
    return segment.arrays.step.values[m];
  }

  // The last position that can be shown now.
  get end() {
    return Math.max(0, this.film.length - 1);
  }

  toggle() {
    if (!this.playing && this.film.complete && this.position >= this.end) this.position = 0;
    if (this.playing) return this.pause();
    this.playing = true;
    this.refresh();
    this.report();
  }

  pause() {
    this.playing = false;
    if (this.speed > CLOSELY) this.position = Math.floor(this.position + 1e-6);
    this.refresh();
    this.report();
  }

  act(name) {
    this.playing = false;
    this.tell("act", { name, step: this.step });
  }

  go(position) {
    this.playing = false;
    this.wanted = this.film.complete ? null : position; // what is not here yet is shown when it comes
    this.position = Math.max(0, Math.min(this.end, position));
    this.film.want(this.position, this.speed, this.closely);
    this.refresh();
    this.report();
  }

  // One mini-batch on or back: to the next moment of the epoch's own segment, once it is here.
  async stepBatch(direction) {
    this.playing = false;
    const epoch = direction > 0 ? Math.floor(this.position + 1e-4) : Math.ceil(this.position - 1e-4) - 1;
    if (epoch < 0 || (this.film.complete && epoch >= this.end)) return;
    if (!this.film.fine.has(epoch)) await this.film.fetch(`epoch/${epoch}`);
    const fine = this.film.fine.get(epoch);
    if (!fine?.moments) return this.refresh();
    const all = [epoch, ...fine.arrays.epoch.values];
    const next = direction > 0
      ? all.find((each) => each > this.position + 1e-4)
      : all.findLast((each) => each < this.position - 1e-4);
    if (next !== undefined) this.position = Math.min(next, Math.max(this.end, epoch + 1 - 1e-4));
    this.refresh();
    this.report();
  }

  key(event) {
    const direction = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (direction && this.speed <= CLOSELY) this.stepBatch(direction);
    else if (direction) this.go(direction > 0 ? Math.floor(this.position + 1e-6) + 1 : Math.ceil(this.position - 1e-6) - 1);
    else if (event.key === "Home") this.go(0);
    else if (event.key === "End") this.go(this.end);
    else if (event.key === "PageUp" || event.key === "PageDown") this.go(this.position + (event.key === "PageUp" ? 10 : -10));
    else return;
    event.preventDefault();
  }

  tick(now) {
    this.ticking = requestAnimationFrame((later) => this.tick(later));
    const passed = Math.min(LONGEST_FRAME, (now - (this.before || now)) / 1000);
    this.before = now;
    if (!this.film || !this.root.isConnected) return;
    if (this.playing) {
      this.frame = 0.9 * this.frame + 0.1 * 1000 * passed;
      this.rate = Math.max(CHARTS[0], Math.min(CHARTS[1], this.frame > SLOW ? 0.95 * this.rate : 1.02 * this.rate));
      const before = this.position;
      this.position = Math.min(this.end, this.position + this.speed * passed);
      if (this.position > before) this.movedAt = now;
      this.film.want(this.position, this.speed, this.closely);
      if (this.film.complete && this.position >= this.end) this.pause();
    } else if (this.wanted > this.position) {
      this.film.want(this.wanted, this.speed, false);
    }
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches && this.playing;
    if (calm && now - (this.paintedAt || 0) < CALM) return;
    this.paintedAt = now;
    this.paint(now);
  }

  // Paint what has changed: the canvas at once, the charts one after the other, as often as the browser can bear.
  paint(now) {
    if (!this.film.length) return;
    const seen = this.film.moment(this.position, this.closely);
    const id = `${seen.segment.arrays.step.values[seen.m]}`;
    const views = Object.keys(this.data.columns);
    if (id !== this.shown) {
      this.shown = id;
      this.turn = views.every((view) => this.turn?.includes(view)) ? this.turn : views;
      this.due = new Set(this.turn);
      for (const plane of this.planes) this.paintPlane(plane, seen);
      this.sayWords(seen);
      if (now - (this.toldAt || 0) > 500 || !this.playing) this.tellFindings(seen, now);
    }
    this.credit = Math.min(views.length, this.credit + (views.length * this.rate * this.frame) / 1000);
    const waiting = this.playing ? Math.floor(this.credit) : views.length;
    for (const view of [...this.due].slice(0, waiting)) {
      if (!this.feed(view, seen)) continue;
      this.due.delete(view);
      this.turn = [...this.turn.filter((other) => other !== view), view]; // the one just fed is the last next time
      this.credit -= 1;
    }
  }

  get planes() {
    return document.querySelectorAll(`canvas[data-film="${this.data.key}"]`);
  }

  paintPlane(canvas, { segment, m }) {
    const style = getComputedStyle(this.root);
    const paper = style.getPropertyValue("--st-background-color").trim() || "#ffffff";
    const scene = this.data.scene;
    if (scene.paper !== paper) Object.assign(scene, { paper, table: null });
    Object.assign(scene, { ink: style.color, font: style.fontFamily });
    canvas.plane ||= new Plane(canvas);
    canvas.plane.paint(scene, segment.at("regions", m), segment.at("guesses", m));
    if (this.playing) return;
    const guesses = segment.at("guesses", m);
    const wrong = (from, to) => scene.labels.slice(from, to).filter((label, i) => guesses[from + i] !== label).length;
    const n = scene.n_train;
    canvas.setAttribute("aria-label", `Decision boundary after epoch ${figure(segment.arrays.epoch.values[m])}: class `
      + `probabilities over the plane of x1 and x2. Misclassified: ${wrong(0, n)} of ${n} training points, `
      + `${wrong(n, scene.labels.length)} of ${scene.labels.length - n} test points.`);
  }

  // Give the rows of a view's tables to its chart. False where the page has no such chart yet.
  feed(view, { segment, m, upTo }) {
    const element = document.getElementById(`film-${view}`);
    if (!element) return false;
    const tables = {};
    for (const [table, columns] of Object.entries(this.data.columns[view])) {
      const cells = Object.entries(columns).map(([column, [how, what]]) => [column, this.cells(how, what, segment, m, upTo)]);
      tables[table] = cells[0][1].map((_, row) => Object.fromEntries(cells.map(([column, values]) => [column, values[row]])));
    }
    element.value = tables;
    element.dispatchEvent(new Event("input"));
    return true;
  }

  cells(how, what, segment, m, upTo) {
    if (how === "always") return what;
    if (how === "growing") return this.curve(what, upTo);
    if (segment.texts[what]) return segment.texts[what][m];
    const { shape } = segment.arrays[what];
    const values = segment.at(what, m);
    if (shape.length === 2) return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
    return Array.from({ length: shape[1] }, (_, row) => words(values.subarray(row * shape[2], (row + 1) * shape[2])));
  }

  // Each row's values at all moments up to one, as text.
  curve(name, upTo) {
    const track = this.track(name);
    const stride = Math.ceil((upTo + 1) / CURVE);
    const texts = Array.from({ length: track.rows }, () => []);
    for (let i = upTo % stride; i <= upTo; i += stride) {
      for (let row = 0; row < track.rows; row++) texts[row].push(short(track.values[i * track.rows + row]));
    }
    return texts.map((each) => each.join(" "));
  }

  // A column of figures at all moments that are here.
  track(name) {
    this.tracks ||= new Map();
    let track = this.tracks.get(name);
    if (!track || track.film !== this.film || track.length !== this.film.length) {
      const arrays = this.film.segments.filter((segment) => segment.moments).map((segment) => segment.arrays[name]);
      const values = new Float32Array(arrays.reduce((sum, array) => sum + array.values.length, 0));
      let at = 0;
      for (const array of arrays) {
        values.set(array.values, at);
        at += array.values.length;
      }
      track = { values, rows: arrays[0].shape[1], film: this.film, length: this.film.length };
      this.tracks.set(name, track);
    }
    return track;
  }

  sayWords({ segment, m }) {
    const value = (name) => segment.arrays[name].values[m];
    const { epochs } = this.data;
    let text = `Epoch ${figure(value("epoch"))} of ${epochs.toLocaleString("en")} · loss ${figure(value("train_loss"), 2)}`;
    text += ` · accuracy ${percent(value("train_accuracy"))}`;
    if (!Number.isNaN(value("held_out_loss"))) {
      text += ` (${this.data.held_out} ${figure(value("held_out_loss"), 2)} and ${percent(value("held_out_accuracy"))})`;
    }
    if (this.playing && this.speed < 1000) text += ` · ${Math.ceil((epochs - this.position) / this.speed)} s left`;
    this.moment = text;
    this.sayState();
  }

  sayState() {
    const stalled = this.playing && performance.now() - (this.movedAt || 0) > STALLED && !this.film.complete;
    const problem = this.film.problem && (stalled || !this.film.length) ? this.film.problem : stalled ? "Waiting for the server." : "";
    const text = [this.moment, problem].filter(Boolean).join(" · ");
    if (this.words.textContent !== text) this.words.textContent = text;
    this.line.setAttribute("aria-valuetext", this.moment || "Nothing computed yet");
  }

  // What is happening: the headline under the player, and all findings where the page has a place for them.
  tellFindings({ segment, m }, now) {
    this.toldAt = now;
    const [line, places] = segment.told[m];
    const found = places.map((i) => segment.findings[i]);
    const id = JSON.stringify([segment.headlines[line], found]);
    if (id === this.foundBefore) return;
    this.foundBefore = id;
    this.headline.className = `film-headline film-${segment.headlines[line].mood}`;
    const offered = new Set();
    this.headline.replaceChildren(...this.told(segment.headlines[line], offered));
    for (const place of document.querySelectorAll(`.film-findings[data-film="${this.data.key}"]`)) {
      const rows = found.map((finding) => {
        const row = document.createElement("div");
        row.className = "film-finding";
        row.append(...this.told(finding, offered));
        return row;
      });
      place.replaceChildren(...rows);
    }
  }

  // Words with the button of their remedy, which is offered once.
  told({ title, text, remedy, knobs }, offered) {
    const words = document.createElement("p");
    const strong = document.createElement("strong");
    strong.textContent = title;
    words.append(strong, " ", text);
    if (!remedy || offered.has(remedy)) return [words];
    offered.add(remedy);
    const button = document.createElement("button");
    button.textContent = remedy;
    button.onclick = () => this.tell("act", { name: "remedy", step: this.step, knobs });
    return [words, button];
  }

  refresh() {
    if (!this.film) return;
    if (this.playing) this.wanted = null;
    if (this.wanted > this.position && this.end >= this.wanted) {
      this.position = this.wanted;
      this.report();
    }
    if (this.film.unserved && !this.toldUnserved) this.tell("unserved", (this.toldUnserved = true));
    this.play.lastElementChild.textContent = this.playing ? "Pause" : "Play";
    this.play.classList.toggle("playing", this.playing);
    const { epochs } = this.data;
    this.line.max = epochs;
    this.line.value = this.position;
    this.line.dataset.buffered = this.end;
    this.line.style.setProperty("--buffered", `${(100 * Math.min(epochs, this.end)) / epochs}%`);
    this.shown = "";
    this.sayState();
  }

  // Report where the viewer is once nothing has changed for a moment.
  report() {
    clearTimeout(this.reporting);
    this.reporting = setTimeout(() => {
      const seen = { playing: this.playing, step: this.step, film: this.data.film };
      const id = JSON.stringify(seen);
      if (id === this.reported) return;
      this.reported = id;
      this.tell("seen", seen);
    }, this.playing ? 0 : SETTLED);
  }
}

// Numbers as text, with blanks between them, as the charts read them.
function words(values) {
  const texts = new Array(values.length);
  for (let i = 0; i < values.length; i++) texts[i] = short(values[i]);
  return texts.join(" ");
}

function short(value) {
  return Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4 ? String(Math.round(value * 1e5) / 1e5) : value.toPrecision(5);
}

function figure(value, digits) {
  if (digits && Math.abs(value) >= 1e-3 && Math.abs(value) < 100) return String(+value.toPrecision(digits));
  if (digits && Math.abs(value) < 1e5 && Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  if (digits) return value === 0 ? "0" : value.toExponential(1);
  return String(+value.toFixed(3));
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}
