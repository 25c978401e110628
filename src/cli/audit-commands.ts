// audit verify | export

import { toAuditAnswer } from '#admin/audit-endpoints.ts';
import { readOrganization } from '#admin/admin-operation.ts';
import { withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import { exitCodes } from './exit-code.ts';
import type { CommandPlace } from './command-place.ts';
import { writeFacts } from './terminal.ts';

const piece = 500;

export function addAuditCommands({ program, terminal, endWith }: CommandPlace): void {
  const audit = program.command('audit').description('the audit trail of an organisation');

  withOrganization(audit.command('verify'))
    .description('verify the chain from its first entry; exit code 1 when it is broken')
    .action(async (options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'audit.verify', organization: options.org }),
      );
      terminal.result(options.json === true ? JSON.stringify(answer) : writeFacts(answer));
      if (answer['intact'] !== true) endWith(exitCodes.failed);
    });

  withOrganization(audit.command('export'))
    .description('write all entries, oldest first, one JSON object per line')
    .action(async (options: CommonOptions) => {
      await insideHouse(terminal, async (house) => {
        const { id } = await readOrganization(house.admin, options.org);
        await house.admin.settleEffects();
        for (let after = 0; ; ) {
          const entries = await house.storage.audit.list(id, { after, limit: piece });
          for (const entry of entries) terminal.result(JSON.stringify(toAuditAnswer(entry)));
          after = entries.at(-1)?.seq ?? after;
          if (entries.length < piece) return;
        }
      });
    });
}
