/**
 * Runs commands in this process, each with the words that a message holds, and answers with its exit code and
 * what was said on stderr. Node and its modules start once for many commands, which may also run at the same
 * time.
 */
const [program] = process.argv.slice(2);
let said = '';
let commands = 0;

process.stderr.write = (text, ...more) => {
  said += text;
  more.at(-1)?.();
  return true;
};
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);

let words = [];
let read = () => {};
let turn = Promise.resolve();
// The next command may begin once this one has read its words.
Object.defineProperty(process, 'argv', {
  get() {
    setImmediate(read);
    return [process.execPath, program, ...words];
  },
});

async function run(own) {
  const before = turn;
  turn = new Promise((resolve) => {
    before.then(() => {
      read = resolve;
    });
  });
  await before;
  words = own;
  process.exitCode = 0;
  said = '';
  await import(`${program}?${++commands}`); // another address, so that Node runs the module again
  process.send({ code: process.exitCode, said });
}

process.on('message', run);
process.on('disconnect', () => process.exit());
