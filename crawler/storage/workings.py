"""The fields of the documents by which crawls, schedules and searches work: name → JSON schema with its meaning."""

from __future__ import annotations

from crawler.storage.documents import REASONS, VERDICT
from crawler.storage.fields import WORD, count, date, field, list_of, text, text_or_null

SECTION = {
    "_id": text("site:key"),
    "site": text("key of the site in the registry"),
    "key": text("hash of the section's canonical address"),
    "name": text("栏目"),
    "url": text("first list page"),
    "open": field("whether a crawl began it and didn't walk it to its end", "bool"),
    "complete_at": field("when a crawl last walked it to its end (UTC)", "date", "null"),
    "complete_since": field("from which date on everything listed is in the store (UTC)", "date", "null"),
    "gone_at": field("when the site answered that it doesn't exist (UTC)", "date", "null"),
    "found_at": field("when it was found on the home page; of key `home`, when that was looked at", "date", "null"),
}

MAINTENANCE = {
    "_id": text("the work; `schema` for the version of the database"),
    "after": text("_id of the last article done"),
    "version": count("version of the schema all documents follow", minimum=1),
    "sent_at": date("when the last alarm was delivered"),
    "claimed_until": field("how long one process has the channel, or the merging, to itself (UTC)", "date", "null"),
    "making": text_or_null("the segment that is being made"),
}

SEGMENT = {
    "_id": text("the segment"),
    "articles": count("articles in it, numbered from 0", minimum=1),
    "made_at": date("when it was made"),
    "ids": field("`_id`s of the articles, in order, a line each, zlib; only up to 255 articles", "binData"),
    "lines": field("tokens of the articles, a line each, zlib; only up to 255 articles", "binData"),
    "replaces": field("segments it was made of, which are to be passed over", "array", items=WORD),
}

POSTINGS = {
    "_id": text("segment:part, or segment:ids:number"),
    "data": field(
        "of a part: token → numbers of its articles, 16 bits each, as BSON, zlib; of ids: 1,024 `_id`s of articles, a "
        "line each, zlib",
        "binData",
    ),
}

ALARM = {
    "_id": text("run:site"),
    "site": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "before": VERDICT,
    "verdict": VERDICT,
    "reasons": REASONS,
    "at": date("when the verdict changed"),
    "since": field("since when it had been as before (UTC)", "date", "null"),
    "ok_at": field("when the site was last ok (UTC)", "date", "null"),
    "page": text_or_null("the list page that shows it"),
    "command": text_or_null("the command that reproduces it"),
    "waiting": field("channels that have not told it yet", "array", items={"bsonType": "string"}),
}

SITE = {
    "_id": text("key of the site in the registry"),
    "name": text_or_null("名称"),
    "verdict": VERDICT,
    "reasons": REASONS,
    "page": text_or_null("the list page that shows it"),
    "since": field("when a run first ended with this verdict (UTC)", "date", "null"),
    "ok_at": field("end of the last run that was ok (UTC)", "date", "null"),
    "new_at": field("end of the last run that gave a new article (UTC)", "date", "null"),
    "newest_at": field("latest publication time seen (UTC)", "date", "null"),
    "run": text_or_null("the last run"),
    "run_at": field("its end (UTC)", "date", "null"),
    "totals": field("of all runs: runs, new, changed, rejects, requests, bytes", "object"),
    "recent": list_of(
        "verdict and figures of earlier runs, oldest first",
        "figures",
        figures=field("what the verdict rested on", "object"),
        verdict=VERDICT,
    ),
    "days": list_of(
        "the last 31 days with a run", "day", day=text("in China"), new=count("new articles"), verdict=VERDICT
    ),
    "known": count("links of the last run's lists to articles that were stored already"),
    "updated_at": date("when this state was written"),
}

HOLDER = {
    "_id": text("the process"),
    "host": text("name of its machine"),
    "pid": count("its process id"),
    "machine": text_or_null("its machine since that started, and the container there"),
    "born": field("when it started, in ticks of its machine", "int", "long", "null"),
    "beat": count("heartbeats so far"),
    "seconds": field("silent for so long, it counts as dead", "int", "double"),
    "heartbeat_at": date("last heartbeat, by the store's clock"),
    "joined_at": date("when it became known"),
}

LEASE = {
    "_id": text("host of the site's home page"),
    "site": text("key of the site in the registry"),
    "holder": text_or_null("the process that crawls it; null where nobody does"),
    "claim": text("this taking of it"),
    "token": count("how often it was taken", minimum=1),
    "taken_at": date("when it was taken last"),
    "released_at": field("when the holder before gave it back; null where it died (UTC)", "date", "null"),
}

DUE = {
    "_id": text("schedule:entry:site"),
    "schedule": text("name of the schedule file, without its ending"),
    "entry": text("entry of the file"),
    "site": text("key of the site in the registry"),
    "spider": text("name of the spider"),
    "arguments": field("its arguments", "object"),
    "cron": text_or_null("moments as cron writes them, China Standard Time"),
    "every": field("seconds from one moment to the next", "int", "double", "null"),
    "spread": field("seconds over which the sites of a moment start", "int", "double"),
    "time_limit": field("seconds a crawl may take", "int", "double"),
    "due_at": date("when it is to be crawled next"),
    "attempts": count("crawls begun since it was due, of which none ended"),
    "begun_by": field("host and process of the last attempt", "object", "null"),
    "queued_at": field("when a message for it went to a broker (UTC)", "date", "null"),
    "queued_attempt": count("attempts when that message was sent; 1 also where a worker died that was about to begin"),
    "last": field("its last crawl: started_at, ended_at, outcome, verdict, run, holder", "object", "null"),
}
