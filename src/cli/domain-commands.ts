// domain list | add | verify | remove: the e-mail domains of an organisation.

import { withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { writeFacts, writeTable } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

export function addDomainCommands({ program, terminal }: CommandPlace): void {
  const domain = program
    .command('domain')
    .description('e-mail domains: verified ones route people and vouch for addresses');

  withOrganization(domain.command('list'))
    .description('list domains')
    .action(async (options: CommonOptions) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'domains.list', organization: options.org }),
      );
      const columns = ['domain', 'verified', 'verifiedBy', 'verifiedAt', 'claimedAt'];
      terminal.result(options.json === true ? JSON.stringify(items) : writeTable(columns, items));
    });

  withOrganization(domain.command('add'))
    .description('claim a domain; the answer says what to put into DNS')
    .argument('<domain>', 'for example example.com')
    .action(async (name: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'domains.claim', organization: options.org, body: { domain: name } }),
      );
      show(answer, options);
    });

  withOrganization(domain.command('verify'))
    .description('verify a domain by its DNS record; exit code 4 when it is not there')
    .argument('<domain>')
    .option('--by-word', 'without DNS: you vouch for it')
    .action(async (name: string, options: CommonOptions & { byWord?: boolean }) => {
      const body = { by: options.byWord === true ? 'administrator' : 'dns' };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'domains.verify', organization: options.org, params: { domain: name }, body }),
      );
      show(answer, options);
    });

  withOrganization(domain.command('remove'))
    .description('give a domain up: it routes nobody any more, and another organisation may have it')
    .argument('<domain>')
    .action(async (name: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'domains.remove', organization: options.org, params: { domain: name } }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else terminal.result(writeFacts({ domain: (answer['domain'] as Facts)['domain'], removed: true }));
    });

  function show(answer: Facts, { json }: CommonOptions): void {
    if (json === true) {
      terminal.result(JSON.stringify(answer));
      return;
    }
    const { domain: name, verified, verifiedBy, verifiedAt, dns } = answer['domain'] as Facts;
    const record = dns as Facts;
    terminal.result(
      writeFacts({
        domain: name,
        verified,
        ...(verified === true
          ? { verifiedBy, verifiedAt }
          : { name: record['name'], type: record['type'], value: record['value'] }),
      }),
    );
  }
}
