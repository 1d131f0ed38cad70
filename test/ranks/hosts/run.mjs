/**
 * Trains on several hosts: network namespaces, each with an interface of its own, between which packets take
 * their time. It needs root, iproute2 and MPICH, and no ssh:
 *   node test/ranks/hosts/run.mjs [--hosts 3] [--delay 1] [--megabits 1000] [--loss 0] [--seconds 20]
 *                                 [--network 784-256-128-10] [--batch 128] [--only hash,time]
 * It compares the weights with those of one process, and the time of a step with the model of docs/scale.md,
 * for the network as exchanges measure it and for the one that was asked for. Delays and loss come from veth
 * pairs and `tc netem` where the kernel has it, else from TUN devices and link.c, which gcc must compile.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stepTime } from '../../../dist/src/bench/scale/model.js';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '3' },
    delay: { type: 'string', default: '1' },
    megabits: { type: 'string', default: '1000' },
    loss: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '20' },
    network: { type: 'string', default: '784-256-128-10' },
    batch: { type: 'string', default: '128' },
    only: { type: 'string', default: 'hash,time' },
  },
});
const [delay, megabits, loss] = [values.delay, values.megabits, values.loss].map(Number);
const hosts = Array.from({ length: Number(values.hosts) }, (_, i) => ({
  name: `gradpool-${i + 1}`,
  device: `gradpool${i + 1}`,
  address: `10.77.0.${i + 1}`,
}));
const BRIDGE = 'gradpool0';
/** Bytes of a packet: TUN devices carry jumbo frames, since one program carries all of them. */
const MTU = 9000;
/** Milliseconds after which a training on the hosts is ended. */
const LONGEST = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'gradpool-hosts-'));
const local = (name) => fileURLToPath(new URL(name, import.meta.url));
const PROGRAM = local('../../../dist/bin/gradpool.js');

const sh = (text) =>
  execFileSync('sh', ['-c', text], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const ms = (seconds) => `${(1000 * seconds).toFixed(2)} ms`;
const works = (text) => {
  try {
    sh(text);
    return true;
  } catch {
    return false;
  }
};
let link = null;

/** Removes what this script or an earlier one has left. */
function clean() {
  link?.kill();
  for (const { name, device } of hosts) {
    works(`ip netns del ${name}`);
    works(`ip link del ${device}`);
  }
  works(`ip link del ${BRIDGE}`);
}

function hasNetem() {
  sh(`ip link add ${BRIDGE} type bridge`);
  const has = works(`tc qdisc add dev ${BRIDGE} root netem delay 1ms`);
  sh(`ip link del ${BRIDGE}`);
  return has;
}

/** Both ends of a pair delay and bound what leaves them; a packet passes two pairs. */
function connectByNetem() {
  sh(`ip link add ${BRIDGE} type bridge && ip link set ${BRIDGE} up`);
  for (const { name, device, address } of hosts) {
    const half = `netem delay ${delay / 2}ms rate ${megabits}mbit loss ${(100 * loss) / 2}% limit 10000`;
    sh(`ip link add ${device} type veth peer name link0 netns ${name}`);
    sh(`ip link set ${device} master ${BRIDGE} up && tc qdisc add dev ${device} root ${half}`);
    sh(`ip -n ${name} addr add ${address}/24 dev link0 && ip -n ${name} link set link0 up`);
    sh(`ip netns exec ${name} tc qdisc add dev link0 root ${half}`);
  }
}

async function connectByTun() {
  const program = join(folder, 'link');
  execFileSync('gcc', ['-O2', '-o', program, local('link.c')]);
  const ends = hosts.map(({ device, address }) => `${device}=${address}`);
  // A network does not wait for a core: real-time priority, before all that computes.
  link = spawn('chrt', ['-f', '1', program, delay, megabits, loss, ...ends].map(String), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(link.stdout, 'data');
  for (const { name, device, address } of hosts) {
    sh(`ip link set ${device} netns ${name} name link0`);
    sh(`ip -n ${name} addr add ${address}/24 dev link0 && ip -n ${name} link set link0 mtu ${MTU} up`);
  }
}

/** The words that start ranks on the hosts, without ssh. */
const launcher = [
  ...[
    'ip',
    'netns',
    'exec',
    hosts[0].name,
    'mpiexec',
    '-launcher',
    'ssh',
    '-launcher-exec',
    local('enter.sh'),
  ],
  ...['-iface', 'link0', '-hosts', hosts.map(({ address }) => address).join(',')],
];
const environment = { ...process.env, UCX_TLS: 'tcp', UCX_NET_DEVICES: 'link0' };

/**
 * Runs gradpool and returns what it prints as JSON. Under heavy loss MPI_Finalize of MPICH 4.0.2 sometimes
 * never returns; the run is then complete, so that its ranks are ended after a while.
 */
function gradpool(command, words, timeout = 0) {
  const [first, ...rest] = [...command, process.execPath, PROGRAM, ...words];
  const { stdout, error } = spawnSync(first, rest, {
    ...{ encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'inherit'], timeout },
    maxBuffer: 2 ** 26,
  });
  if (error && (error.code !== 'ETIMEDOUT' || stdout === '')) throw error;
  if (error) console.log(`the ranks had not ended after ${timeout / 1000} s, though the run had`);
  return JSON.parse(stdout);
}

function compareHashes() {
  const train = [
    'train',
    'iris',
    '--hidden',
    '300,200',
    '--epochs',
    '4',
    '--batch',
    '32',
    '--optimizer',
    'adam',
  ];
  const words = [...train, '--seed', '3', '--quiet', '--json', '--out'];
  const alone = gradpool([], [...words, join(folder, 'alone')]);
  const apart = gradpool([...launcher, '-n', `${hosts.length}`], [...words, join(folder, 'apart')], LONGEST);
  const same = alone.weightsSha256 === apart.weightsSha256;
  console.log(
    `${same ? 'same' : 'OTHER'} SHA-256: ${alone.weightsSha256} alone, ${apart.weightsSha256} on ${apart.ranks} hosts`,
  );
  return same;
}

function compareTimes() {
  const ranks = hosts.map((_, i) => i + 1).slice(1);
  const words = ['bench', '--ranks', ranks.join(','), '--network', values.network, '--batch', values.batch];
  const report = gradpool(
    [],
    [...words, '--seconds', values.seconds, '--json', '--quiet', '--mpiexec', launcher.join(' ')],
  );
  const { shape, rates, network } = report.constants;
  console.log(
    `load ${report.machine.load[0].toFixed(1)}; exchanges among ${hosts.length} hosts: ${ms(network.latency)}, ${ms(network.perMessage)} a message, ${network.gigabits.toFixed(2)} Gbit/s`,
  );
  let near = report.proof.identical;
  for (const { ranks: count, machines, step, breakdown } of report.points.filter(
    (point) => point.ranks > 1,
  )) {
    // All hosts share the cores of this machine.
    const share = Math.min(1, availableParallelism() / (count * rates.threads));
    const own = { ...rates, gflops: share * rates.gflops, gigabytes: share * rates.gigabytes };
    const asked = { latency: delay / 1e3, perMessage: network.perMessage, gigabits: megabits / 1e3 };
    const ideal = stepTime(shape, own, asked, count);
    const model = stepTime(shape, own, network, count);
    const ratio = step.value / model.total;
    near &&= Math.abs(ratio - 1) <= 0.25;
    console.log(
      `${count} ranks on ${machines} hosts: ${ms(step.value)} (${ms(step.low)} to ${ms(step.high)}), model ${ms(model.total)}, ratio ${ratio.toFixed(2)}; model of the network that was asked for ${ms(ideal.total)}`,
    );
    const parts = (times) =>
      Object.entries(times)
        .map(([name, seconds]) => `${name} ${ms(seconds)}`)
        .join(', ');
    console.log(`  model: ${parts(model)}\n  rank 0: ${parts(breakdown)}`);
  }
  console.log(
    `weights ${report.proof.identical ? 'the same' : 'OTHERS'} for ${report.points.map((point) => point.ranks)} ranks; model ${near ? 'within' : 'NOT within'} 25 %`,
  );
  return report.proof.identical;
}

clean();
let good = true;
try {
  for (const { name } of hosts) sh(`ip netns add ${name} && ip -n ${name} link set lo up`);
  const netem = hasNetem();
  console.log(
    `${hosts.length} hosts by ${netem ? 'veth pairs and tc netem' : 'TUN devices (this kernel has no tc netem)'}: ${delay} ms, ${megabits} Mbit/s, ${100 * loss} % loss`,
  );
  if (netem) connectByNetem();
  else await connectByTun();
  console.log(
    sh(`ip netns exec ${hosts[0].name} ping -c 5 -q -i 0.2 ${hosts[1].address} || true`)
      .split('\n')
      .slice(-3)
      .join(' ')
      .trim(),
  );
  if (values.only.includes('hash')) good &&= compareHashes();
  if (values.only.includes('time')) good &&= compareTimes();
} finally {
  clean();
  rmSync(folder, { recursive: true });
}
process.exitCode = good ? 0 : 1;
