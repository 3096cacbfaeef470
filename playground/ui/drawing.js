// A board is a bitmap of 32x32 pixels that a pen draws on. It shows 8x8 blocks: the more pixels, the darker a block.

const SIDE = 8;
const BLOCK = 4;
const FINE = SIDE * BLOCK;
const FULL = BLOCK * BLOCK;
const PEN = 2; // radius, in pixels of the bitmap: strokes are about as thick as in the data
const PAUSE = 200; // milliseconds between two messages to Python while the pen is down
const UNDOABLE = 50; // strokes
const STEP = 4; // pixels that a key adds to a block, or takes away

// The pixels of a block from its middle outwards: the order in which keys fill it.
const fromTheMiddle = [...Array(FULL).keys()].sort((a, b) => outside(a) - outside(b));
function outside(pixel) {
  return Math.hypot((pixel % BLOCK) - 1.5, Math.floor(pixel / BLOCK) - 1.5);
}

class Board {
  constructor(root) {
    this.canvas = root.querySelector("canvas");
    this.undoButton = root.querySelector(".undo");
    this.clearButton = root.querySelector(".clear");
    this.spoken = root.querySelector(".spoken");
    this.pixels = new Uint8Array(FINE * FINE);
    this.past = [];
    this.cursor = { row: 0, column: 0 };
    this.showsCursor = false;
    this.trail = []; // the points of the present stroke
    this.timer = null;
    this.lastSent = 0;

    this.canvas.onpointerdown = (event) => this.penDown(event);
    this.canvas.onpointermove = (event) => this.penMoves(event);
    this.canvas.onpointerup = this.canvas.onpointercancel = (event) => this.penUp(event);
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onblur = () => this.show(false);
    this.undoButton.onclick = () => this.undo();
    this.clearButton.onclick = () => this.clear();
  }

  // What Python knows: one whole number a row, its leftmost pixel the highest of 32 bits.
  get rows() {
    return Array.from({ length: FINE }, (_, row) =>
      this.pixels.subarray(row * FINE, (row + 1) * FINE).reduce((bits, pixel) => 2 * bits + pixel, 0),
    );
  }

  load({ rows, version, onImage }) {
    this.version = version;
    this.onImage = onImage; // until the board is cleared
    this.past = [];
    this.trail = [];
    clearTimeout(this.timer);
    this.timer = null;
    rows.forEach((bits, row) => {
      for (let column = 0; column < FINE; column++) {
        this.pixels[row * FINE + column] = Math.floor(bits / 2 ** (FINE - 1 - column)) % 2;
      }
    });
  }

  send() {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.canvas.isConnected) return; // the page does not show it any more
    this.lastSent = Date.now();
    this.tell({ rows: this.rows, version: this.version, onImage: this.onImage });
  }

  sendSoon() {
    this.timer ??= setTimeout(() => this.send(), Math.max(0, this.lastSent + PAUSE - Date.now()));
  }

  remember() {
    this.past.push({ pixels: this.pixels.slice(), onImage: this.onImage });
    this.past.splice(0, this.past.length - UNDOABLE);
  }

  undo() {
    if (!this.past.length) return;
    Object.assign(this, this.past.pop());
    this.changed("Undone.");
  }

  clear() {
    this.remember();
    this.pixels.fill(0);
    this.onImage = false;
    this.changed("The grid is empty.");
  }

  changed(words) {
    this.spoken.textContent = words;
    this.paint();
    this.send();
    const button = [this.undoButton, this.clearButton].find((each) => each.matches(":focus") && each.disabled);
    if (button) this.canvas.focus(); // a disabled button would lose the focus to the top of the page
  }

  // Pen

  position(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * FINE,
      y: ((event.clientY - box.top) / box.height) * FINE,
    };
  }

  penDown(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.remember();
    this.drawTo(this.position(event));
    this.show(false);
    this.sendSoon();
  }

  penMoves(event) {
    if (!this.trail.length || !event.isPrimary) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const each of between.length ? between : [event]) this.drawTo(this.position(each));
    this.paint();
    this.sendSoon();
  }

  penUp(event) {
    if (!this.trail.length || !event.isPrimary) return;
    this.trail = [];
    this.paint();
    this.send();
  }

  // Set all pixels whose centre is within the pen's radius of its path.
  drawTo(to) {
    const from = this.trail.at(-1) ?? to;
    this.trail.push(to);
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const length = dx * dx + dy * dy;
    for (let row = 0; row < FINE; row++) {
      for (let column = 0; column < FINE; column++) {
        const x = column + 0.5 - from.x;
        const y = row + 0.5 - from.y;
        const along = length ? Math.min(1, Math.max(0, (x * dx + y * dy) / length)) : 0;
        if (Math.hypot(x - along * dx, y - along * dy) <= PEN) this.pixels[row * FINE + column] = 1;
      }
    }
  }

  // Keyboard

  key(event) {
    const directions = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const undoes = event.key === "z" && (event.ctrlKey || event.metaKey);
    if (directions[event.key]) {
      const [down, right] = this.showsCursor ? directions[event.key] : [0, 0]; // the first key shows where the cursor is
      this.cursor.row = Math.min(SIDE - 1, Math.max(0, this.cursor.row + down));
      this.cursor.column = Math.min(SIDE - 1, Math.max(0, this.cursor.column + right));
    } else if (event.key === " " || event.key === "Enter") {
      this.fill(event.shiftKey ? -STEP : STEP);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      this.fill(-STEP);
    } else if (undoes) {
      this.undo();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    this.show(true);
    const { row, column } = this.cursor;
    if (!undoes) {
      this.spoken.textContent = `Row ${row + 1}, column ${column + 1}: ${this.count(row, column)} of ${FULL}`;
    }
  }

  block(row, column) {
    return fromTheMiddle.map(
      (pixel) => (row * BLOCK + Math.floor(pixel / BLOCK)) * FINE + column * BLOCK + (pixel % BLOCK),
    );
  }

  count(row, column) {
    return this.block(row, column).reduce((sum, pixel) => sum + this.pixels[pixel], 0);
  }

  fill(change) {
    const block = this.block(this.cursor.row, this.cursor.column);
    const ink = change > 0 ? 1 : 0;
    const others = block.filter((pixel) => this.pixels[pixel] !== ink);
    if (!others.length) return;
    this.remember();
    const chosen = ink ? others.slice(0, change) : others.slice(change);
    for (const pixel of chosen) this.pixels[pixel] = ink;
    this.sendSoon();
  }

  // Screen

  show(cursor) {
    this.showsCursor = cursor;
    this.paint();
  }

  paint() {
    const pen = this.canvas.getContext("2d");
    const size = this.canvas.width;
    const style = getComputedStyle(this.canvas);
    const color = (name) => style.getPropertyValue(name).trim();
    pen.clearRect(0, 0, size, size);
    pen.fillStyle = color("--st-text-color");
    const cell = size / SIDE;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        pen.globalAlpha = this.count(row, column) / FULL;
        pen.fillRect(column * cell, row * cell, cell, cell);
      }
    }
    pen.globalAlpha = 1;
    pen.strokeStyle = color("--st-border-color");
    pen.lineWidth = 2;
    pen.beginPath();
    for (let i = 1; i < SIDE; i++) {
      pen.moveTo(i * cell, 0);
      pen.lineTo(i * cell, size);
      pen.moveTo(0, i * cell);
      pen.lineTo(size, i * cell);
    }
    pen.stroke();
    pen.strokeStyle = color("--st-primary-color");
    pen.lineWidth = 4;
    pen.beginPath();
    for (const { x, y } of this.trail) pen.lineTo((x / FINE) * size, (y / FINE) * size);
    pen.stroke();
    if (this.showsCursor) {
      pen.lineWidth = 8;
      pen.strokeRect(this.cursor.column * cell + 4, this.cursor.row * cell + 4, cell - 8, cell - 8);
    }
    this.undoButton.disabled = !this.past.length;
    this.clearButton.disabled = !this.pixels.includes(1);
  }
}

const boards = new WeakMap(); // one for each place where the component is mounted; a new run of the script keeps it

export default function ({ parentElement, data, setStateValue }) {
  let board = boards.get(parentElement);
  const isNew = !board?.canvas.isConnected;
  if (isNew) {
    board = new Board(parentElement);
    boards.set(parentElement, board);
  }
  board.tell = (value) => setStateValue("drawing", value);
  board.canvas.setAttribute("aria-label", data.label);
  // The drawing here is newer than the one that Python knows, so only another picture replaces it.
  if (isNew || board.version !== data.version) board.load(data);
  board.paint();
}
