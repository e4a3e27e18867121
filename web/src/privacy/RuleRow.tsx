import { Menu, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Copy, Ellipsis, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { HttpError } from '../api/http';
import { deleteRule, rulesQuery } from '../api/privacy';
import type { Project, Rule } from '../api/types';
import { exact, when } from '../lib/format';
import { useNow } from '../lib/hooks';
import { KindIcon } from './KindIcon';
import style from './Privacy.module.css';
import { SHORT_KINDS } from './words';

export function RuleRow({
  project,
  rule,
  fresh,
}: {
  project: Project;
  rule: Rule;
  fresh: boolean;
}) {
  const navigate = useNavigate();
  const now = useNow();
  const [deleting, setDeleting] = useState(false);
  return (
    <li className={style.rule} data-fresh={fresh || undefined}>
      <span className={style.kind}>
        <KindIcon kind={rule.kind} size={16} />
      </span>
      <div className={style.what}>
        <code>{rule.expression}</code>
        <p>
          <span>{SHORT_KINDS[rule.kind]}</span>
          {rule.note && <span>{rule.note}</span>}
          <span title={exact(rule.created_at)}>
            made {when(rule.created_at, now)}
            {rule.created_by && ` by ${rule.created_by}`}
          </span>
        </p>
      </div>
      <Menu position="bottom-end" width={210} offset={4}>
        <Menu.Target>
          <button
            type="button"
            className="icon"
            aria-label={`More about the rule ${rule.expression}`}
          >
            <Ellipsis size={17} strokeWidth={1.75} />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item
            leftSection={<Copy size={14} />}
            onClick={() =>
              void navigate({
                to: '/projects/$project/privacy/new',
                params: { project: project.project_id },
                search: {
                  kind: rule.kind,
                  expression: rule.expression,
                  ...(rule.note ? { note: rule.note } : {}),
                },
              })
            }
          >
            Try or change in a copy
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            data-danger
            leftSection={<Trash2 size={14} />}
            onClick={() => setDeleting(true)}
          >
            Delete rule…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <DeleteRule
        opened={deleting}
        onClose={() => setDeleting(false)}
        project={project.project_id}
        rule={rule}
      />
    </li>
  );
}

function DeleteRule(props: { opened: boolean; onClose: () => void; project: string; rule: Rule }) {
  const { rule } = props;
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteRule(props.project, rule.rule_id),
    onSuccess: async () => {
      props.onClose();
      await queries.invalidateQueries(rulesQuery(props.project));
    },
  });
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Delete this rule?" size={460}>
      <code className={style.quoted}>{rule.expression}</code>
      <ul className={style.consequences}>
        <li>
          Within seconds, what it {{ pattern: 'hides', mask: 'masks', block: 'blocks' }[rule.kind]}{' '}
          arrives again as the SDK sends it, and can be read in replays
          {rule.kind === 'pattern' && ' and events'}.
        </li>
        <li>What it has hidden stays hidden: it was never written down, so it can’t come back.</li>
        {rule.kind !== 'pattern' && <li>Pages that are open drop it with their next upload.</li>}
      </ul>
      {remove.error && (
        <p className={style.trouble} role="alert">
          {remove.error instanceof HttpError
            ? remove.error.message
            : 'The server could not be reached. The rule is still in force.'}
        </p>
      )}
      <div className={style.actions}>
        <button type="button" className="btn" onClick={props.onClose} data-autofocus>
          Keep it
        </button>
        <button
          type="button"
          className="btn danger"
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        >
          {remove.isPending ? 'Deleting…' : 'Delete 1 rule'}
        </button>
      </div>
    </Modal>
  );
}

export function RuleBones() {
  return (
    <li className={style.rule} aria-hidden>
      <span className={style.kind} />
      <div className={style.what}>
        <div className="bone" style={{ width: 220, height: 12, margin: '3px 0 8px' }} />
        <div className="bone" style={{ width: 300, maxWidth: '100%', height: 10 }} />
      </div>
    </li>
  );
}
