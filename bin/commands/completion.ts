import { defineCommand } from '../command.js';
import { oneOf } from '../readers.js';
import { print } from '../render/output.js';

const shell = oneOf('bash', 'zsh');

export const completionCommand = defineCommand({
  usage: 'completion [shell]',
  describe: 'print a script that completes commands and flags in bash or zsh',
  positionals: { shell: 'bash or zsh; left out: the shell that $SHELL names, else bash' },
  flags: {},
  examples: [
    ['gradpool completion bash >> ~/.bashrc', 'in every new bash'],
    ['gradpool completion zsh >> ~/.zshrc', 'in every new zsh'],
    ['source <(gradpool completion bash)', 'in this bash only'],
  ],
  async run(args) {
    const { SHELL = '', ZSH_NAME = '' } = process.env;
    const login = `${SHELL} ${ZSH_NAME}`.includes('zsh') ? 'zsh' : 'bash';
    const wanted = args.shell === undefined ? login : shell.read(args.shell, 'completion');
    const { completionScript } = await import('../completion.js');
    print(await completionScript(wanted));
    return 0;
  },
});
