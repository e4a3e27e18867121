import { Modal } from '@mantine/core';

import { PALETTE_KEY } from './keys';
import style from './Help.module.css';

const KEYS: [group: string, rows: [keys: string[], what: string][]][] = [
  [
    'Player',
    [
      [['Space'], 'Play or pause'],
      [['←', '→'], 'Back or ahead 5 seconds'],
      [['n', 'p'], 'Next or previous marker'],
      [['<', '>'], 'Slower or faster'],
      [['s'], 'Skip inactivity on or off'],
      [['f'], 'Full screen'],
      [['t'], 'Theatre: only the player'],
      [['b'], 'Bookmark, or take the bookmark off'],
      [['i', 'o'], 'Begin or end of the stretch to delete'],
    ],
  ],
  [
    'Feed and panels',
    [
      [['j', 'k'], 'Next or previous replay'],
      [['['], 'Fold or show the feed'],
      [[']'], 'Fold or show the details'],
      [['/'], 'Search the feed'],
    ],
  ],
  [
    'View Replays over a report',
    [
      [['j', 'k'], 'Next or previous replay behind the point'],
      [['Esc'], 'Back to the report'],
    ],
  ],
  [
    'Everywhere',
    [
      [[PALETTE_KEY], 'Search people, replays, reports, boards, screens'],
      [['?'], 'This list'],
    ],
  ],
];

export function Help(props: { opened: boolean; onClose: () => void }) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Keys" size={560}>
      <div className={style.groups}>
        {KEYS.map(([group, rows]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {rows.map(([keys, what]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  );
}
