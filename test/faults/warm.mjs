/**
 * Runs commands one after another in this process, each with the words that a message holds, and answers
 * with its exit code and what it said on stderr. Node and its modules start once for many commands.
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
process.on('message', async (words) => {
  said = '';
  process.exitCode = 0;
  process.argv = [process.execPath, program, ...words];
  await import(`${program}?${++commands}`); // another address, so that Node runs the module again
  process.send({ code: process.exitCode, said });
});
process.on('disconnect', () => process.exit());
