// Live updates. The stream says what has changed. The page is then fetched again and its regions
// are replaced, so there is only one renderer. Without this script, pages work the same.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('js');
  // A choice by keys passes over others, so it is sent by the button, which comes with the first key.
  for (const field of document.querySelectorAll('[data-send]')) {
    field.addEventListener('keydown', (e) => { if (e.key !== 'Tab') field.form.classList.add('keys'); });
    field.addEventListener('pointerdown', () => field.form.classList.remove('keys'));
    field.addEventListener('change', () => { if (!field.form.classList.contains('keys')) field.form.requestSubmit(); });
  }

  const tails = () => {
    for (const log of document.querySelectorAll('[data-tail]')) log.scrollTop = log.scrollHeight;
  };
  tails();
  // If the timeline does not fit, scroll to the present.
  for (const line of document.querySelectorAll('.scroll .axis .now')) {
    const region = line.closest('.scroll'), at = line.getBoundingClientRect().left - region.getBoundingClientRect().left;
    if (region.scrollWidth > region.clientWidth) region.scrollLeft = at - 0.7 * region.clientWidth;
  }

  const address = document.body.dataset.events;
  if (!address || !window.EventSource) return;
  const banner = document.getElementById('gone');
  const made = document.getElementById('r-made');
  // held: a region stays as it is while a person is busy with it.
  // restsTo: the page is not fetched again before then.
  // expected: when the stream must have said something again. It is of the clock that goes on in sleep.
  let source, timer, lost = false, busy = false, again = false, held = false, first = true, restsTo = 0, expected = 0;

  const say = (text) => {
    banner.hidden = !text;
    if (banner.textContent !== text) banner.textContent = text;
  };
  const stale = () => 'What you see was read ' + made.querySelector('time').textContent + '.';

  // busyWith reports whether a person is typing in a region or has selected text in it.
  const busyWith = (region) => {
    const at = document.activeElement, chosen = window.getSelection();
    return region.contains(at) && at.matches('input, select, textarea') || !chosen.isCollapsed && chosen.containsNode(region, true);
  };
  // place restores the focus: to the same link by address, or else to the element in the same position.
  const place = (region) => {
    const at = document.activeElement;
    if (!region.contains(at)) return () => {};
    const all = () => [...region.querySelectorAll(at.tagName)], turn = all().indexOf(at), href = at.getAttribute('href');
    return () => {
      const now = all(), same = href && now.find((a) => a.getAttribute('href') === href) || now[turn];
      if (same) same.focus({ preventScroll: true });
    };
  };
  // sight keeps the first visible link at its place on the screen.
  const sight = () => {
    const links = () => [...document.querySelectorAll('main :is(th, h2) > a')];
    const first = scrollY > 0 && links().find((a) => a.getBoundingClientRect().top >= 0);
    if (!first) return () => {};
    const href = first.getAttribute('href'), top = first.getBoundingClientRect().top;
    return () => {
      const moved = links().filter((a) => a.getAttribute('href') === href).map((a) => a.getBoundingClientRect().top - top);
      if (moved.length) scrollBy(0, moved.reduce((a, b) => Math.abs(a) < Math.abs(b) ? a : b));
    };
  };

  const put = (region, next) => {
    const log = region.querySelector('[data-tail]');
    const follow = log && log.scrollTop + log.clientHeight > log.scrollHeight - 24;
    const top = log ? log.scrollTop : 0;
    const scrolled = region.querySelector('.scroll');
    const left = scrolled ? scrolled.scrollLeft : 0;
    const refocus = place(region);
    region.replaceChildren(...next.childNodes);
    const now = region.querySelector('[data-tail]');
    if (now) now.scrollTop = follow || !log ? now.scrollHeight : top;
    const scroll = region.querySelector('.scroll');
    if (scroll) scroll.scrollLeft = left;
    refocus();
  };

  // The whole page was fetched, so all of its regions are replaced, whatever changed.
  const replace = (fresh) => {
    const keep = sight();
    held = false;
    for (const region of document.querySelectorAll('[data-on]')) {
      const next = fresh.getElementById(region.id);
      if (!next || next.innerHTML === region.innerHTML) continue;
      if (busyWith(region)) held = true; else put(region, next);
    }
    const next = fresh.getElementById('r-made');
    if (next && !held) made.replaceChildren(...next.childNodes);
    for (const live of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(live.id);
      if (next && next.textContent !== live.textContent) live.textContent = next.textContent;
    }
    const h1 = document.querySelector('h1'), head = fresh.querySelector('h1');
    if (h1 && head && h1.textContent !== head.textContent) h1.replaceChildren(...head.childNodes);
    document.title = fresh.title;
    keep();
  };

  const load = async () => {
    if (busy) { again = true; return; }
    busy = true;
    again = false;
    const began = performance.now();
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
      if (answer.status === 401) { close(); say('You are signed out here. Load the page to see how to come back. ' + stale()); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
      // A page that takes long must not be fetched all the time.
      restsTo = performance.now() + Math.min(9 * (performance.now() - began), 15000);
      lost = false;
      say('');
      if (!source && !document.hidden) open();
    } catch {
      say('The control plane cannot be read now. ' + stale());
      restsTo = performance.now() + 5000;
      again = true;
    } finally {
      busy = false;
      if (again) soon();
    }
  };
  const soon = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(load, Math.max(250, restsTo - performance.now()));
  };
  const now = () => { restsTo = 0; soon(); };

  const close = () => { if (source) source.close(); source = undefined; };
  const silent = () => {
    root.dataset.live = 'no';
    lost = true;
    say('The server of this page does not answer. ' + stale());
  };
  const open = () => {
    close();
    expected = Date.now() + 45000;
    source = new EventSource(address);
    for (const word of ['hello', 'changed', 'here']) source.addEventListener(word, () => { expected = Date.now() + 45000; });
    source.addEventListener('hello', () => {
      root.dataset.live = 'yes';
      // Nobody reported what changed before: while the stream was lost, or since the page was
      // made, if that was a while ago or it shows something that is still going on.
      if (lost || first && (performance.now() > 1000 || address.includes('run='))) now();
      first = false;
    });
    source.addEventListener('changed', (e) => {
      if (e.data === 'lost') { lost = true; say('The control plane cannot be read now. ' + stale()); return; }
      if (document.querySelector('[data-on~="' + e.data + '"]')) soon();
    });
    source.onerror = () => {
      silent();
      if (source.readyState !== EventSource.CLOSED) return; // it reconnects by itself
      // The answer was not a stream; the page itself says why.
      close();
      restsTo = performance.now() + 3000;
      soon();
    };
  };
  // A connection can end without a word: a tunnel hangs, or the machine was asleep. Then another is tried.
  setInterval(() => { if (source && Date.now() > expected) { silent(); open(); } }, 5000);
  // Replace the held regions once their text is no longer selected.
  for (const done of ['selectionchange', 'focusout']) document.addEventListener(done, () => { if (held && window.getSelection().isCollapsed) soon(); });
  // A stream takes one of a browser's few connections, so there is none while the page is hidden.
  const seen = () => {
    if (document.hidden) { close(); return; }
    now();
    open();
  };
  document.addEventListener('visibilitychange', seen);
  addEventListener('pagehide', close);
  addEventListener('pageshow', (e) => { if (e.persisted) seen(); });
  if (!document.hidden) open();
})();
