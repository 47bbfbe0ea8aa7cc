// Live updates. The stream says which regions have changed; they are read anew
// from the page itself, so there is one renderer. Without this, pages work the same.
(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('js');
  for (const field of document.querySelectorAll('[data-send]')) field.addEventListener('change', () => field.form.requestSubmit());

  const tails = () => {
    for (const log of document.querySelectorAll('[data-tail]')) log.scrollTop = log.scrollHeight;
  };
  tails();
  // Where the timeline does not fit, the present is in sight.
  for (const line of document.querySelectorAll('.scroll .axis .now')) {
    const region = line.closest('.scroll'), at = line.getBoundingClientRect().left - region.getBoundingClientRect().left;
    if (region.scrollWidth > region.clientWidth) region.scrollLeft = at - 0.7 * region.clientWidth;
  }

  const address = document.body.dataset.events;
  if (!address || !window.EventSource) return;
  const banner = document.getElementById('gone');
  const made = document.querySelector('#r-made time');
  let source, timer, lostAt, busy = false, again = false;
  const wanted = new Set();

  const say = (text) => {
    banner.hidden = !text;
    if (banner.textContent !== text) banner.textContent = text;
  };
  const stale = () => 'What you see was read ' + (made ? made.textContent : 'earlier') + '.';

  // busyWith is whether a person is in the middle of a region.
  const busyWith = (region) => {
    const at = document.activeElement;
    if (at && at !== document.body && region.contains(at) && !region.hasAttribute('data-always')) {
      return at.matches('input, select, textarea') || String(window.getSelection());
    }
    return false;
  };

  const replace = (fresh, names) => {
    for (const region of document.querySelectorAll('[data-on]')) {
      const on = region.dataset.on.split(' ');
      const next = fresh.getElementById(region.id);
      if (!next || !on.some((n) => names.has(n)) || next.innerHTML === region.innerHTML || busyWith(region)) continue;
      const log = region.querySelector('[data-tail]');
      const follow = log && log.scrollTop + log.clientHeight > log.scrollHeight - 24;
      const top = log ? log.scrollTop : 0;
      const at = region.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      const scrolled = region.querySelector('.scroll');
      const left = scrolled ? scrolled.scrollLeft : 0;
      region.replaceChildren(...next.childNodes);
      const now = region.querySelector('[data-tail]');
      if (now) now.scrollTop = follow || !log ? now.scrollHeight : top;
      const scroll = region.querySelector('.scroll');
      if (scroll) scroll.scrollLeft = left;
      if (at) { const link = [...region.querySelectorAll('a')].find((a) => a.getAttribute('href') === at); if (link) link.focus(); }
    }
    for (const live of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(live.id);
      if (next && next.textContent !== live.textContent) live.textContent = next.textContent;
    }
    const h1 = document.querySelector('h1'), head = fresh.querySelector('h1');
    if (h1 && head && h1.textContent !== head.textContent) h1.textContent = head.textContent;
    document.title = fresh.title;
  };

  const load = async () => {
    if (busy) { again = true; return; }
    busy = true;
    const names = new Set(wanted);
    wanted.clear();
    try {
      const answer = await fetch(location.href, { headers: { Accept: 'text/html' }, cache: 'no-store' });
      if (answer.status === 401) { say('You are signed out here. Load the page to see how to come back. ' + stale()); close(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      replace(new DOMParser().parseFromString(await answer.text(), 'text/html'), names);
      lostAt = undefined;
      say('');
    } catch {
      for (const n of names) wanted.add(n);
      say('The control plane cannot be read now. ' + stale());
    } finally {
      busy = false;
      if (again) { again = false; soon(); }
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(load, 250); };

  const close = () => { if (source) source.close(); source = undefined; };
  const open = () => {
    close();
    source = new EventSource(address);
    source.addEventListener('hello', () => {
      root.dataset.live = 'yes';
      if (lostAt) { for (const n of ['jobs', 'runs', 'log', 'time']) wanted.add(n); soon(); }
    });
    source.addEventListener('changed', (e) => {
      if (e.data === 'lost') { lostAt = lostAt || Date.now(); say('The control plane cannot be read now. ' + stale()); return; }
      wanted.add(e.data);
      soon();
    });
    source.onerror = () => {
      root.dataset.live = 'no';
      lostAt = lostAt || Date.now();
      say('The server of this page does not answer. ' + stale());
      // A browser gives up where the answer was no stream.
      if (source && source.readyState === EventSource.CLOSED) setTimeout(() => { if (!document.hidden) open(); }, 3000);
    };
  };
  // A stream takes one of a browser's few connections: none while hidden.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) { close(); return; }
    for (const n of ['jobs', 'runs', 'log', 'time']) wanted.add(n);
    soon();
    open();
  });
  addEventListener('pagehide', close);
  addEventListener('pageshow', (e) => { if (e.persisted) open(); });
  if (!document.hidden) open();
})();
