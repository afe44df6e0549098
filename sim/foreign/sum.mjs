// Prints for each file one line of JSON: what a parser that is not ours finds in its PAYMUL messages; of other messages
// only how many there are. Exit code 1: a file cannot be read. usage: node sum.mjs FILE…
import { createReadStream } from 'node:fs';
import edifact from 'edifact';

// oere turns an amount into minor units without a float; both decimal marks, as UNA may say either.
function oere(amount) {
  const m = /^(\d+)(?:[.,](\d{1,2}))?$/.exec(amount);
  if (!m) throw new Error('no amount with at most two decimals');
  return BigInt(m[1] + (m[2] ?? '').padEnd(2, '0'));
}

class Sum {
  messages = 0;
  others = 0;
  lines = 0;
  orders = 0;
  oere = 0n;
  references = new Set();
  #counts = false; // inside a PAYMUL
  #inOrder = false;
  #tag = '';
  #elements = [];

  open(tag) {
    this.#tag = tag;
    this.#elements = [];
  }

  element() {
    this.#elements.push([]);
  }

  component(value) {
    this.#elements.at(-1).push(value);
  }

  close() {
    const [first = []] = this.#elements;
    if (this.#tag !== 'UNH' && !this.#counts) return;
    switch (this.#tag) {
      case 'UNH':
        this.#counts = this.#elements[1]?.[0] === 'PAYMUL';
        if (this.#counts) this.messages++;
        else this.others++;
        this.#inOrder = false;
        break;
      case 'LIN':
        this.lines++;
        this.#inOrder = false;
        break;
      case 'SEQ':
        this.orders++;
        this.#inOrder = true;
        break;
      case 'CNT':
        this.#inOrder = false;
        break;
      case 'MOA':
        if (this.#inOrder && first[0] === '9') this.oere += oere(first[1]);
        break;
      case 'RFF':
        if (this.#inOrder && first[0] === 'CR') this.references.add(first[1]);
        break;
    }
  }
}

async function sum(file) {
  const parser = new edifact.Parser();
  parser.encoding('UNOC');
  const s = new Sum();
  parser.on('opensegment', (tag) => s.open(tag));
  parser.on('element', () => s.element());
  parser.on('component', (value) => s.component(value));
  parser.on('closesegment', () => s.close());
  for await (const chunk of createReadStream(file, { encoding: 'latin1', highWaterMark: 1 << 20 })) parser.write(chunk);
  parser.end();
  const { messages, others, lines, orders } = s;
  // A BigInt is a JSON number here, whatever its size.
  return `{"file":${JSON.stringify(file)},"messages":${messages},"others":${others},"lines":${lines},"orders":${orders},"oere":${s.oere},"references":${s.references.size}}`;
}

for (const file of process.argv.slice(2)) {
  try {
    console.log(await sum(file));
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    process.exitCode = 1;
  }
}
