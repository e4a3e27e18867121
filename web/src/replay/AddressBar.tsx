import { Menu, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import {
  ChevronLeft,
  ChevronRight,
  Ellipsis,
  ExternalLink,
  Link2,
  PanelLeft,
  PanelRight,
  Scissors,
  Trash2,
} from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';

import { HttpError } from '../api/http';
import { deleteReplay } from '../api/queries';
import type { ReplayDetail } from '../api/types';
import { Copy, useCopy } from '../lib/Copy';
import { clock, personLabel } from '../lib/format';
import { Tip } from '../lib/Tip';
import { useMay } from '../shell/session';
import style from './AddressBar.module.css';
import { Bookmark } from './Bookmark';
import type { ReplayController } from './controller';
import type { ViewProps } from './ReplayView';

export function AddressBar(
  props: ViewProps & {
    detail: ReplayDetail | null;
    controller: ReplayController | null;
    /** There is none to wait for. */
    failed?: boolean;
    /** Begins to choose a stretch to delete. */
    onStretch?: () => void;
  },
) {
  const { detail, controller } = props;
  const [deleting, setDeleting] = useState(false);
  const [, copy] = useCopy();
  const mayDelete = useMay('delete');
  const mayBookmark = useMay('edit');
  const url = useSyncExternalStore(
    controller?.subscribe ?? (() => () => undefined),
    () => controller?.snapshot().url ?? detail?.start_url ?? null,
  );
  const web = url !== null && /^https?:\/\//.test(url);
  return (
    <div className={style.bar}>
      {!props.narrow && (
        <Tip label={props.feedFolded ? 'Show the feed' : 'Fold the feed'} keys="[">
          <button
            type="button"
            className="icon"
            aria-label="Feed"
            aria-pressed={!props.feedFolded}
            onClick={props.onFeed}
          >
            <PanelLeft size={16} strokeWidth={1.75} />
          </button>
        </Tip>
      )}
      <span className={style.pair}>
        <Tip label="Previous in the feed" keys="k">
          <button
            type="button"
            className="icon"
            aria-label="Previous replay in the feed"
            disabled={!props.onEarlier}
            onClick={props.onEarlier}
          >
            <ChevronLeft size={17} strokeWidth={1.75} />
          </button>
        </Tip>
        <Tip label="Next in the feed" keys="j">
          <button
            type="button"
            className="icon"
            aria-label="Next replay in the feed"
            disabled={!props.onLater}
            onClick={props.onLater}
          >
            <ChevronRight size={17} strokeWidth={1.75} />
          </button>
        </Tip>
      </span>
      <div className={style.address}>
        <span className={style.url} title={url ?? undefined}>
          {url === null ? (
            !props.failed && (
              <span
                className="bone"
                style={{ display: 'inline-block', width: '40%', height: 10 }}
              />
            )
          ) : web ? (
            <Address url={url} />
          ) : (
            url
          )}
        </span>
        {url !== null && <Copy text={url} label="Copy the page’s address" />}
        {web && (
          <Tip label="Open the page">
            <a
              className="icon"
              href={url}
              target="_blank"
              rel="noreferrer noopener"
              aria-label="Open the page in a new tab"
            >
              <ExternalLink size={14} />
            </a>
          </Tip>
        )}
      </div>
      {detail && mayBookmark && <Bookmark project={props.project.project_id} detail={detail} />}
      {detail && (
        <Menu position="bottom-end" width={230} offset={4}>
          <Menu.Target>
            <button type="button" className="icon" aria-label="More about this replay">
              <Ellipsis size={17} strokeWidth={1.75} />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<Link2 size={14} />}
              onClick={() => copy(linkTo(props.project.project_id, props.replay, null))}
            >
              Copy link to the replay
            </Menu.Item>
            <Menu.Item leftSection={<Link2 size={14} />} onClick={() => copy(detail.replay_id)}>
              Copy replay id
            </Menu.Item>
            <Menu.Divider />
            {!mayDelete && (
              <Menu.Label>Only owners and admins of the project can delete replays.</Menu.Label>
            )}
            {props.onStretch && (
              <Menu.Item
                leftSection={<Scissors size={14} />}
                disabled={!mayDelete}
                onClick={props.onStretch}
              >
                Delete a stretch…
              </Menu.Item>
            )}
            <Menu.Item
              {...(mayDelete ? { 'data-danger': true } : {})}
              leftSection={<Trash2 size={14} />}
              disabled={!mayDelete}
              onClick={() => setDeleting(true)}
            >
              Delete replay…
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {!props.narrow && (
        <Tip label={props.detailsFolded ? 'Show the details' : 'Fold the details'} keys="]">
          <button
            type="button"
            className="icon"
            aria-label="Details"
            aria-pressed={!props.detailsFolded}
            onClick={props.onDetails}
          >
            <PanelRight size={16} strokeWidth={1.75} />
          </button>
        </Tip>
      )}
      {detail && (
        <DeleteDialog
          opened={deleting}
          onClose={() => setDeleting(false)}
          project={props.project.project_id}
          detail={detail}
          onDeleted={props.onDeleted}
        />
      )}
    </div>
  );
}

function Address({ url }: { url: string }) {
  const { host, protocol } = new URL(url);
  const rest = url.slice(protocol.length + 2 + host.length);
  return (
    <>
      <span className={style.dim}>{host}</span>
      {rest}
    </>
  );
}

export function linkTo(project: string, replay: string, at_ms: number | null): string {
  const link = new URL(
    `/projects/${encodeURIComponent(project)}/replays/${encodeURIComponent(replay)}`,
    location.origin,
  );
  if (at_ms !== null) link.searchParams.set('t', String(Math.round(at_ms)));
  return link.href;
}

function DeleteDialog(props: {
  opened: boolean;
  onClose: () => void;
  project: string;
  detail: ReplayDetail;
  onDeleted: () => void;
}) {
  const { detail } = props;
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const remove = async () => {
    setBusy(true);
    setTrouble(null);
    try {
      await deleteReplay(props.project, detail.replay_id);
      props.onClose();
      props.onDeleted();
      void queries.invalidateQueries({ queryKey: ['newest', props.project] });
    } catch (error) {
      setTrouble(
        error instanceof HttpError
          ? error.message
          : 'The server could not be reached. Nothing was deleted.',
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="Delete this replay?" size={420}>
      <p className={style.consequence}>
        The recording of {personLabel(detail.person)} ({clock(detail.duration_ms)}) is removed from
        every store at once and can’t be brought back; parts that still arrive are refused. The
        analytics events of the visit stay.
        {detail.live && ' The visit is going on: its page starts a new replay.'}
      </p>
      {trouble && (
        <p className={style.trouble} role="alert">
          {trouble}
        </p>
      )}
      <div className={style.actions}>
        <button type="button" className="btn" onClick={props.onClose} data-autofocus>
          Keep it
        </button>
        <button type="button" className="btn danger" disabled={busy} onClick={() => void remove()}>
          {busy ? 'Deleting…' : 'Delete 1 replay'}
        </button>
      </div>
    </Modal>
  );
}
