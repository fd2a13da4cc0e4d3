import { describe, expect, it } from 'vitest'
import { runInProcess } from '../fixtures/command-line.ts'

describe('a wrong command line ends with exit code 2 and says why', () => {
  it.each([
    [
      'an unknown command',
      ['serv'],
      /error: unknown command 'serv'\n\(Did you mean serve\?\)\nUsage: headgate /,
    ],
    [
      'an unknown flag',
      ['serve', '--prot', '1'],
      /unknown option '--prot'\n\(Did you mean --port\?\)\nUsage: headgate serve /,
    ],
    [
      'a port that is no number',
      ['serve', '--port', 'abc'],
      /'abc' is invalid\. It must be a whole number from 0 to 65535\./,
    ],
    ['a missing value', ['serve', '--port'], /option '--port <number>' argument missing/],
    [
      'a flag as a value',
      ['serve', '--host', '--demo'],
      /--host has no value: --demo is a flag of its own\./,
    ],
    [
      'a flag twice',
      ['serve', '--port', '1', '--port=2'],
      /--port is given twice\. Fix: keep one of the two\./,
    ],
    ['--demo with --config', ['serve', '--demo', '--config', 'x'], /--demo and --config exclude each other/],
    [
      'a secret in a flag',
      ['serve', '--api-key', 'x'],
      /argument 2 carries a secret, which every user of this machine/,
    ],
    [
      'a secret anywhere',
      ['mock-upstream', '--key=sk-proj-0123'],
      /argument 2 carries a secret.*Fix: put it into an environment variable/,
    ],
    [
      'a scenario that does not come along',
      ['simulate', '--scenario', 'brownout'],
      /no scenario "brownout" comes along\. Fix: name a file, or one of brown-out, /,
    ],
    [
      'a policy that is none',
      ['simulate', '--scenario', 'brown-out', '--policies', 'classic,fast'],
      /--policies: There is no policy "fast"; the policies are classic, /,
    ],
    ...(['simulate --scenario brown-out', 'replay --log none.jsonl'] as const).flatMap(
      command =>
        [
          [
            `no policy (${command})`,
            [...command.split(' '), '--policies', ''],
            /^error: --policies: no policy is named\. Fix: write names by commas, such as balanced,adaptive\.\n$/,
          ],
          [
            `a policy too few (${command})`,
            [...command.split(' '), '--policies', 'random,'],
            /^error: --policies: a name between the commas is empty\. Fix: /,
          ],
          [
            `a policy twice (${command})`,
            [...command.split(' '), '--policies', 'random, balanced,random'],
            /^error: --policies: random is named twice\. Fix: name it once\.\n$/,
          ],
        ] as const,
    ),
    [
      'a report where none can be',
      ['simulate', '--scenario', 'brown-out', '--report', '/dev/null/report.html'],
      /^error: --report: \/dev\/null\/report\.html cannot be written \(ENOTDIR\)\. Fix: name a file/,
    ],
    [
      'figures where none can be',
      ['replay', '--log', 'none.jsonl', '--json', '/dev/null/figures.json'],
      /^error: --json: \/dev\/null\/figures\.json cannot be written \(ENOTDIR\)\. Fix: name a file/,
    ],
    [
      'a decision log that is not there',
      ['replay', '--log', 'none.jsonl'],
      /--log: none\.jsonl cannot be read \(ENOENT\)\. Fix: name the file of telemetry\.decisionLog/,
    ],
    [
      'a change that is none',
      ['replay', '--log', 'none.jsonl', '--set', 'load'],
      /--set: "load" is no change\. Fix: write KEY=VALUE/,
    ],
    [
      'a profile as a change',
      ['replay', '--log', 'none.jsonl', '--set', 'pools.default.scheduler.profile=adaptive'],
      /--set: pools\.\S+: profiles are not set but compared; they are .*load-aware.*\. Fix: write --policies balanced,adaptive\./,
    ],
    [
      'a profile that is none as a change',
      ['replay', '--log', 'none.jsonl', '--set', 'profile=fast'],
      /--set: profile=fast: profiles are not set but compared; they are .*\. Fix: write --policies balanced,adaptive\./,
    ],
    [
      'a decision log that cannot be explained',
      ['explain', '--log', 'none.jsonl'],
      /--log: none\.jsonl cannot be read \(ENOENT\)\. Fix: name the file of telemetry\.decisionLog/,
    ],
    [
      'both a request and the last ones',
      ['explain', '--log', 'none.jsonl', '--id', '3', '--last', '2'],
      /--id and --last exclude each other/,
    ],
    ['a superfluous argument', ['config', 'check', 'x.yaml'], /too many arguments/],
  ] as const)('%s', async (_what, args, expected) => {
    const { code, stdout, stderr } = await runInProcess(args)
    expect(stderr).toMatch(expected)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toContain('sk-proj')
  })
})
