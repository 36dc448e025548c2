"""The threats that the server must withstand, item by item, and the tests that attack it there.

Under every attack the process stays up, other users are answered as before, nothing acknowledged is lost, no secret is
logged, and the attacker gets a clear answer. `tests/proof/attacks` checks all of that around each of its attacks, on
`suhbat serve` (native), `uvicorn main:app` (a connection that is taken over) and hypercorn (plain ASGI). Tests
elsewhere are listed if they check something more exactly; a test of one transport stands for what all transports share.

Sources of the list: RFC 6455, OWASP's WebSocket cheat sheet and ASVS 5.0, and known failures of other chat servers.
"""

from __future__ import annotations

from collections.abc import Mapping

Tests = tuple[str, ...]
"""`path::function` below tests/."""


def _in(path: str, *functions: str) -> Tests:
    return tuple(f"{path}.py::test_{function}" for function in functions)


_FRAMES = "proof/attacks/test_frames"
_OPENINGS = "proof/attacks/test_handshake"
_JSON = "proof/attacks/test_json"
_WHO = "proof/attacks/test_identity"
_CONTENT = "proof/attacks/test_content"
_VOLUME = "proof/attacks/test_volume"
_GROWTH = "proof/attacks/test_growth"
_ANY_JSON = _in(_JSON, "the_simple_dialect", "v1", "http")
_CASES = _in("conformance/test_cases", "case")
_BYTES = _in("system/test_frames", "invalid_bytes", "bytes_before_hello")

FRAMES: Mapping[str, Tests] = {
    "masking": _CASES + _BYTES,
    "RSV": _CASES + _BYTES,
    "opcodes": _CASES + _BYTES,
    "fragmentation": _CASES + _BYTES + _in("transport/test_frame_reader", "both_ways_agree"),
    "UTF-8 across fragments": _CASES + _BYTES,
    "close codes": _CASES + _BYTES + _in("system/test_frames", "a_close_is_answered"),
    "lengths announced but never sent": _in(_FRAMES, "lengths_that_are_never_sent"),
    "64-bit lengths": _in(_FRAMES, "lengths_of_64_bits") + _in("conformance/test_limits", "limit"),
    "compression bombs": (
        *_in(_FRAMES, "a_bomb"),
        *_in("transport/test_compression", "a_bomb_is_too_big"),
        *_in("conformance/test_deflate", "limit"),
    ),
    "ping floods from a peer that reads nothing": (
        *_in(_FRAMES, "pings_of_a_peer_that_reads_nothing", "pongs_that_nobody_asked_for"),
        *_in("system/test_frames", "pings_of_a_client_that_does_not_read"),
        *_in("weaknesses/test_unread_messages", "unread_pongs_take_no_memory"),
    ),
    "a byte a second": (
        *_in(_FRAMES, "a_byte_now_and_then"),
        *_in("weaknesses/test_slow_requests", "headers_have_a_deadline", "a_body_has_a_slowest_pace"),
    ),
}

HANDSHAKE: Mapping[str, Tests] = {
    "missing headers": _in(_OPENINGS, "headers_that_are_missing_or_wrong", "other_methods"),
    "doubled headers": _in(_OPENINGS, "headers_that_are_there_twice")
    + _in("transport/test_admission", "doubled_headers"),
    "huge headers": _in(_OPENINGS, "huge_headers") + _in("weaknesses/test_slow_requests", "headers_have_an_end"),
    "foreign Origins": _in(_OPENINGS, "origins_that_are_not_ours")
    + _in("http/test_api", "a_foreign_page_cannot_write"),
    "null Origins": _in(_OPENINGS, "origins_that_are_not_ours")
    + _in("transport/test_simple", "foreign_origins_get_403"),
    "look-alike Origins": (
        *_in(_OPENINGS, "origins_that_are_not_ours", "an_origin_without_a_host"),
        *_in("identity/test_origin", "refused"),
    ),
    "a page of the same host that came unencrypted": _in(
        "identity/test_origin", "an_unencrypted_page_of_the_same_host"
    ),
    "refusals that say less than other answers": (
        *_in("http/test_headers", "every_answer", "an_unexpected_error_and_a_server_that_has_not_started"),
        *_in("transport/test_simple", "a_refused_upgrade_has_the_headers_of_every_answer"),
    ),
    "plain HTTP to a socket path": _in(_OPENINGS, "plain_requests_to_a_socket"),
}

JSON: Mapping[str, Tests] = {
    "20,000 levels": _ANY_JSON,
    "5,000-digit numbers": _ANY_JSON,
    "NaN": _ANY_JSON,
    "doubled keys": _in(_JSON, "doubled_keys") + _in("protocol/test_v1", "doubled_keys_take_the_last"),
    "lone surrogates": _ANY_JSON + _in("weaknesses/test_messages", "a_lone_surrogate_is_refused"),
    "NUL": _ANY_JSON,
    "wrong types": _ANY_JSON + _in("http/test_schema", "every_answer_is_documented"),
    "unknown types": _ANY_JSON,
    "anything at all": _in("proof/fuzz/test_fuzz", "a_frame_of_either_dialect", "any_sequence_of_frames"),
    "requests of a language model": _in("programs/mcp/test_messages", "what_is_not_json", "what_is_no_request")
    + _in("http/test_mcp", "hostile_bodies"),
}

IDENTITY: Mapping[str, Tests] = {
    "no hello": _in("transport/test_v1", "a_command_before_hello") + _in("system/test_limits", "hello_has_ten_seconds"),
    "tokens expired": (
        *_in("runtime/test_mounting", "a_token_expires"),
        *_in("identity/test_sessions", "thirty_days_after_the_last_use_it_is_over"),
        *_in("identity/test_guests", "a_day_after_the_last_use_the_name_is_free"),
        *_in("identity/test_tickets", "a_ticket_lives_thirty_seconds"),
    ),
    "tokens reused": (
        *_in(_WHO, "tokens_that_are_over"),
        *_in("transport/test_v1", "tickets_work_once"),
        *_in("cluster/test_nodes", "a_ticket_is_good_on_another_node_once"),
    ),
    "tokens revoked while connected": (
        *_in(
            "transport/test_sessions",
            "a_revoked_session_is_closed_within_a_second",
            "logging_out_closes_every_socket_of_the_session",
        ),
        *_in("cluster/test_nodes", "a_session_revoked_on_one_node_ends_on_all"),
    ),
    "tokens in URLs": (
        *_in(_WHO, "tokens_in_addresses"),
        *_in(
            "runtime/test_logs",
            "query_strings_are_removed",
            "tokens_are_removed_from_paths",
            "texts_are_not_in_tracebacks",
            "texts_are_not_in_what_is_logged_of_errors",
        ),
    ),
    "tokens of nobody": _in(_WHO, "tokens_that_nobody_has") + _in("transport/test_v1", "unknown_tokens"),
    "password spray": _in(_WHO, "a_password_spray") + _in("identity/test_registration", "many_at_once_pass_no_limit"),
    "password work of one address": (
        *_in("proof/attacks/test_passwords", "one_address_changes_passwords_without_end"),
        *_in("identity/test_passwords", "addresses_take_turns"),
        *_in("identity/test_registration", "password_work_counts_whatever_comes_of_it"),
    ),
    "enumeration by text": _in("http/test_accounts", "unknown_and_wrong_have_one_answer")
    + _in(_WHO, "a_password_spray"),
    "enumeration by time": (
        *_in(_WHO, "names_are_not_told_by_time"),
        *_in("identity/test_registration", "every_wrong_way_does_the_same_work"),
    ),
    "megabyte passwords": _in(_WHO, "passwords_of_a_megabyte"),
    "names that look like another's: a letter of another script": _in(_WHO, "names_that_look_like_anothers"),
    "names that look like another's: full-width": _in(_WHO, "names_that_look_like_anothers"),
    "names that look like another's: zero-width": _in(_WHO, "names_that_look_like_anothers"),
    "names that look like another's: a trailing space": _in(_WHO, "names_that_look_like_anothers"),
    "names that look like another's: all the others": (
        *_in("identity/test_names", "look_alikes_have_one_skeleton", "every_pair_of_the_table_has_one_skeleton"),
        *_in("proof/fuzz/test_fuzz", "a_name"),
    ),
    "reserved names": _in(_WHO, "reserved_names")
    + _in("identity/test_names", "reserved_names_and_their_look_alikes_are_refused"),
}

AUTHORISATION: Mapping[str, Tests] = {
    "every id x every endpoint x everybody, over HTTP": (
        *_in("authorisation/test_everybody", "no_route_is_forgotten", "endpoint", "what_ends_sessions"),
        *_in("authorisation/test_everybody", "endpoint_of_a_direct"),
        *_in("http/test_accounts", "other_peoples_sessions_are_as_unknown_as_none"),
    ),
    "every id x every command x everybody, over WebSocket": (
        *_in("authorisation/test_everybody", "no_command_is_forgotten", "commands", "commands_in_a_direct"),
    ),
    "a stranger sees what nobody sees": (
        *_in("authorisation/test_everybody", "endpoint", "commands", "endpoint_of_a_direct", "commands_in_a_direct"),
        *_in("http/test_api", "what_may_not_be_seen_is_what_does_not_exist"),
    ),
    "no event after the removal": (
        *_in("authorisation/test_everybody", "nothing_comes_after_the_removal"),
        *_in("transport/test_rooms", "nothing_after_the_removal", "resume_after_a_removal"),
        *_in("transport/test_opening", "removed_while_the_opening_is_read"),
    ),
    "nothing of before one's joining": (
        *_in("authorisation/test_everybody", "endpoint", "commands"),
        *_in(
            "store/read/test_floor",
            "no_command_reaches_below",
            "no_reply_names_what_is_below",
            "nothing_that_is_read_shows_it",
        ),
        *_in("store/read/test_floor", "events_about_it_are_veiled"),
        *_in("hub/test_views", "each_reader_gets_its_view", "a_fed_reader_gets_the_same_view"),
    ),
    "a name that is somebody else's by now": _in(
        "http/test_names", "a_command_about_somebody", "a_direct", "a_private_message", "over_http"
    ),
    "files that others on the machine may read": _in(
        "store/test_permissions", "what_the_server_makes", "what_was_put_back", "a_copy_before_a_migration"
    ),
    "no field set that only the server sets": (
        *_in("authorisation/test_everybody", "what_only_the_server_sets_cannot_be_set"),
        *_in("protocol/test_v1", "what_only_the_server_sets_is_ignored"),
    ),
}

CONTENT: Mapping[str, Tests] = {
    "stored XSS in text": _in("browser/test_xss", "every_text_field")
    + _in(_CONTENT, "scripts_come_back_as_text_alone"),
    "stored XSS in names": _in("browser/test_xss", "every_text_field", "the_door"),
    "stored XSS in titles": _in("browser/test_xss", "every_text_field"),
    "stored XSS in file names": _in("browser/test_xss", "every_text_field")
    + _in("http/test_pages", "nothing_outside_the_directory_is_served"),
    "javascript: links": _in("proof/fuzz/test_fuzz", "what_is_shown_of_a_text")
    + _in("browser/test_xss", "every_text_field"),
    "bidi controls": _in(_CONTENT, "what_turns_the_writing_around") + _in("browser/test_xss", "every_text_field"),
    "a thousand combining marks": _in(_CONTENT, "what_takes_for_ever_elsewhere")
    + _in("chat/test_normalise", "a_thousand_marks"),
    "search syntax and wildcards as plain text": (
        *_in(_CONTENT, "syntax_in_a_search"),
        *_in("proof/fuzz/test_fuzz", "a_search"),
        *_in("store/test_search", "signs_of_the_index_are_text"),
    ),
    "regular expressions that explode": _in(_CONTENT, "what_takes_for_ever_elsewhere"),
    "instructions for a language model": (
        *_in("programs/mcp/test_writing", "no_line_break_ends_the_mark", "what_people_do_not_see"),
        *_in("system/test_mcp", "what_the_messages_of_others_may_do", "others_learn_nothing"),
    ),
}

VOLUME: Mapping[str, Tests] = {
    "a thousand connections from one address": (
        *_in(_VOLUME, "a_thousand_connections_from_one_address"),
        *_in("weaknesses/test_too_many", "connections_of_all_have_a_limit"),
    ),
    "naming everybody without end": (
        *_in("proof/attacks/test_mentions", "everybody_without_end"),
        *_in("store/write/test_commands", "naming_people_is_counted", "everybody_is_stored_once"),
    ),
    "fifty names of nobody in each message": (
        *_in("proof/attacks/test_mentions", "fifty_names_of_nobody"),
        *_in("chat/test_mentions", "there_is_an_end_to_it"),
    ),
    "a thousand messages a second on one socket": _in(_VOLUME, "a_thousand_messages_at_once"),
    "slow readers in a busy room": (
        *_in("system/test_slow_reader", "other_clients_are_not_affected", "memory_is_bounded_and_nothing_is_lost"),
        *_in("proof/test_soak", "nothing_is_left_behind"),
    ),
    "10,000 clients coming back at once": (
        *_in(_VOLUME, "everybody_comes_back_at_once"),
        *_in("hub/test_opening_limiter", "a_long_queue_is_refused_with_a_retry"),
        *_in("bench/test_scripts", "storm"),
    ),
    "reads at once: searches, exports, pages": (
        *_in("proof/attacks/test_reads", "searches_and_exports_of_a_few"),
        *_in("http/test_reads", "one_user_has_a_bound"),
        *_in("store/test_search", "what_takes_too_long_ends"),
    ),
    "who is refused and asks again at once": (
        *_in("proof/attacks/test_tarpit", "over_a_socket", "over_http"),
        *_in("chat/test_tarpit", "those_who_go_on_wait_in_a_line"),
    ),
    "other work in the writer before messages": (
        *_in("store/write/test_writer", "posts_go_before_other_work", "posts_wait_for_little_other_work"),
    ),
    "guests without end": (
        *_in("proof/attacks/test_guests", "guests_of_one_address"),
        *_in("identity/test_guests", "there_are_so_many_at_a_time", "who_said_nothing_is_forgotten_after_an_hour"),
        *_in(
            "transport/test_guests", "a_guest_who_sends_counts_for_the_address", "a_reconnect_does_not_reset_the_rate"
        ),
    ),
    "connections that ask for nothing": (
        *_in("proof/attacks/test_idle", "idle_connections_of_one_address", "descriptors_run_short"),
        *_in(
            "transport/test_unidentified",
            "the_oldest_unidentified_connection_is_closed",
            "unidentified_frames_count_for_the_address",
        ),
    ),
    "a proxy that looks like this machine": (
        *_in("identity/test_proxies", "who_comes_through_a_proxy_is_not_this_machine"),
        *_in("cli/test_unknown_proxies", "doctor_asks_the_running_server"),
    ),
    "a client a million events behind": _in(_VOLUME, "somebody_who_is_far_behind")
    + _in("chat/test_sync", "the_limit_over_all"),
    "thousands of emoji under one message": (
        *_in("proof/attacks/test_reactions", "thousands_of_emoji_under_one_message"),
        *_in("chat/test_reactions", "at_most_so_many"),
    ),
}

GROWTH: Mapping[str, Tests] = {
    "rooms around somebody who did not ask for it": (
        *_in(_GROWTH, "rooms_around_somebody"),
        *_in(
            "store/write/test_invitations",
            "a_stranger_gets_an_invitation",
            "invitations_of_one_person",
            "rooms_of_a_day",
        ),
        *_in("store/write/test_invitations", "conversations_of_one_person", "asking_and_taking_back"),
    ),
    "directs with somebody who did not ask for it": (
        *_in(_GROWTH, "directs_with_somebody"),
        *_in("store/write/test_invitations", "others_see_it_when_somebody_writes", "directs_of_a_day"),
        *_in("store/write/test_invitations", "directs_count_for_who_uses_them"),
    ),
    "a limit meant for input that validates output": (
        *_in("protocol/test_sent_types", "no_model_that_goes_out_has_a_limit", "a_full_account_has_a_snapshot"),
    ),
    "a hello that cannot succeed, over and over": _in("transport/test_opening", "a_fault_while_opening"),
}

SERVERS: Mapping[str, Tests] = {
    "a peer that never reads is closed with close(), which waits for ever": (
        *_in(
            "weaknesses/test_unread_messages",
            "a_client_that_reads_nothing_is_aborted",
            "a_close_that_is_not_read_has_a_deadline",
        ),
        *_in("transport/test_native", "a_close_that_is_not_read_ends_all_the_same"),
    ),
    "pongs and closes bypass flow control": _in("weaknesses/test_unread_messages", "unread_pongs_take_no_memory"),
    "headers may dribble in for ever": _in(
        "weaknesses/test_slow_requests", "headers_have_a_deadline", "a_silent_connection_has_a_deadline"
    ),
    "defaults allow 16 MiB messages": _in("weaknesses/test_messages", "a_message_has_a_size"),
    "defaults allow deflate": _in("weaknesses/test_messages", "deflate_is_not_agreed_to"),
    "receive_text() raises KeyError on a binary frame": _in(
        "weaknesses/test_messages", "a_binary_frame_is_refused_by_its_code"
    ),
    "an exception after accept closes without a code": _in("weaknesses/test_messages", "an_exception_has_a_code"),
    "a close before accept is HTTP 403": (
        *_in("weaknesses/test_too_many", "connections_of_all_have_a_limit"),
        *_in("transport/test_simple", "invalid_names"),
    ),
    "query strings are logged": _in("weaknesses/test_messages", "tickets_are_not_logged"),
    "BaseHTTPMiddleware and CORS do not see WebSockets": _in(_OPENINGS, "origins_that_are_not_ours"),
    "json.loads accepts lone surrogates": _in("weaknesses/test_messages", "a_lone_surrogate_is_refused"),
    "graceful shutdown waits without a limit": _in("weaknesses/test_stopping", "stopping_does_not_wait_for_clients"),
}

_CLUSTER = _in("cluster/test_faults", "nothing_is_lost_when_a_node_the_bus_or_the_database_dies")

FAULTS: Mapping[str, Tests] = {
    "kill -9 at any point": _in("system/test_crash", "kill_under_load") + _in("store/test_moving", "kill_9"),
    "power loss": (
        *_in("proof/test_disk", "what_was_told_survives", "a_server_that_does_not_flush_is_found_out"),
        *_in("system/test_fsync", "every_acknowledgement_comes_after_its_fdatasync"),
    ),
    "fsync errors": (
        *_in("proof/test_disk", "what_was_told_survives"),
        *_in("store/write/test_writer", "a_commit_that_fails", "a_commit_of_unknown_outcome"),
        *_CLUSTER,
    ),
    "disk full": _in("proof/test_disk", "a_full_disk") + _in("store/write/test_writer", "a_full_disk"),
    "clock jumps": _in("proof/attacks/test_clock", "the_clock_jumps"),
    "SIGSTOP for a minute": _in("proof/attacks/test_clock", "the_process_is_stopped_for_a_while") + _CLUSTER,
    "bus gone": _CLUSTER + _in("cluster/test_nodes", "without_the_bus_it_is_degraded_and_goes_on"),
    "bus slow": _CLUSTER + _in("proof/test_proof", "simulated_histories"),
    "bus partitioned": _CLUSTER,
    "database gone for 30 s": _CLUSTER + _in("store/postgres/test_cluster", "over_a_restart_of_the_database"),
    "rolling restart under load": _CLUSTER + _in("test_web_units", "a_real_server"),
}

_PUSHES = "store/test_pushes"
_UPLOADS, _DOWNLOADS, _RECORDS = "http/test_uploads", "http/test_downloads", "store/test_files"

FILES: Mapping[str, Tests] = {
    "bombs": _in("files/test_hostile", "hostile_pictures")
    + _in("proof/attacks/test_pictures", "hostile_pictures")
    + _in("files/test_studio", "a_child_that_hangs_delays_nobody"),
    "SVG and HTML served inline": _in(_DOWNLOADS, "what_is_shown_in_place", "the_bytes"),
    "names with .., /, control and bidi characters": (
        *_in(_UPLOADS, "names"),
        *_in(_DOWNLOADS, "names_in_headers"),
        *_in("files/test_stores", "a_key_that_is_none"),
    ),
    "content that claims another type": (
        *_in(_UPLOADS, "an_upload_in_pieces"),
        *_in("files/test_kinds", "files", "short_files_and_two_in_one"),
    ),
    "EXIF with a place": (
        *_in("files/test_cleaning", "metadata_is_gone"),
        *_in("system/test_files", "a_picture_from_end_to_end"),
    ),
    "a download by somebody who left the room": (
        *_in(_RECORDS, "who_may_read_a_file", "history_since_joining", "an_erased_room"),
        *_in(_DOWNLOADS, "who_gets_nothing", "a_signed_link"),
    ),
    "uploads that stand still": _in(_UPLOADS, "a_body_that_stops_coming", "many_bodies_at_once"),
    "bytes that another file still needs": _in(_RECORDS, "forwarded_while_it_is_deleted"),
    "a quota passed by many uploads at once": _in(_RECORDS, "the_quota_however_many_begin_at_once"),
    "files of one byte without end, which each upload counts": _in(_RECORDS, "so_many_files_in_all"),
    "half an upload kept for ever": (
        *_in(_RECORDS, "what_nobody_sent_goes_after_a_day", "so_many_files_in_no_message"),
        *_in(_UPLOADS, "termination"),
    ),
    "ranges that are huge or overlap": _in("http/test_ranges", "parts", "any_range") + _in(_DOWNLOADS, "a_part"),
    "a client that goes in the middle of a download, also with other requests behind it": (
        *_in("transport/test_http_guard", "a_client_that_goes_behind_several_requests"),
        *_in("files/test_direct", "gone", "stalled"),
    ),
    "a form that another site sends": _in(_UPLOADS, "no_pages_of_others"),
    "a form that is made of beginnings of its boundary": _in(_UPLOADS, "a_file_of_boundaries", "any_pieces"),
    "guests who forward instead of uploading, and who use up the day of their address": _in(
        _UPLOADS, "guests_who_forward", "what_was_not_uploaded_does_not_count"
    ),
    "work on files that were deleted": _in(_UPLOADS, "what_was_deleted_meanwhile"),
    "signed links that are asked for, or guessed, without end": _in(_DOWNLOADS, "the_rate_of_signed_links"),
    "a picture of somebody that others must not see": _in("store/test_pictures", "a_moderator_removes_it"),
    "a full disk": _in(_UPLOADS, "a_full_disk"),
    "S3 gone, or wrong credentials for it": _in("system/test_s3", "s3_fails_in_the_middle", "wrong_credentials"),
    "kill -9 with half an upload in S3": _in("system/test_s3", "kill_9_in_the_middle"),
    "a move that is killed, or that copies wrong bytes": (
        *_in("system/test_moving_files", "killed_in_the_middle", "while_servers_run"),
        *_in("files/test_moving", "a_copy_that_is_not_the_same", "bytes_that_are_missing"),
        *_in(_RECORDS, "a_file_that_came_meanwhile", "a_file_that_went_meanwhile"),
    ),
}

_ADDRESSES, _TARGETS, _CLIENT = (f"outgoing/test_{name}" for name in ("addresses", "targets", "client"))
OUTGOING = {
    "private and link-local addresses, and metadata services": (
        *_in(_ADDRESSES, "every_special_address_is_refused", "listed_networks_are_reached_over_http_too"),
        *_in(_CLIENT, "nothing_private_is_reached"),
    ),
    "IPv4 inside IPv6": _in(_ADDRESSES, "every_special_address_is_refused"),
    "names that resolve to another address the second time": _in(
        _CLIENT, "a_name_that_changes_its_address_gains_nothing"
    ),
    "redirects": _in(_CLIENT, "redirects_are_not_followed_by_default", "each_redirect_is_checked"),
    "secrets that go along, or into a log": (
        *_in(_CLIENT, "a_redirect_takes_no_secret_along", "a_slow_answer_is_given_up"),
        *_in(_TARGETS, "the_path_is_not_shown"),
    ),
    "endless, slow and broken answers": _in(
        _CLIENT, "a_long_answer_is_cut", "a_slow_answer_is_given_up", "a_broken_answer_is_a_failure"
    ),
    "addresses that are read in two ways": _in(_TARGETS, "what_can_be_read_in_two_ways_is_refused"),
    "another host with the same address": _in(_CLIENT, "a_certificate_must_be_for_the_name"),
    "a slow host that holds up the others": (
        *_in(_CLIENT, "one_host_gets_few_requests_at_a_time"),
        *_in("outgoing/test_slots", "one_host_does_not_fill_the_queue", "nothing_is_kept_of_a_host"),
        *_in("outgoing/test_slots", "hosts_that_do_not_answer_hold_up_only_each_other", "a_host_that_answers_slowly"),
    ),
    "one person with many addresses that hang": _in("outgoing/test_slots", "one_owner_does_not_hold_all_slots"),
    "an answer that belongs to another request": _in(
        "outgoing/test_reuse",
        "connections_that_are_not_used_again",
        "an_answer_that_nobody_asked_for",
        "an_origin_has_its_own_connections",
    ),
    "a push endpoint of a shared browser": (
        *_in("store/people/test_push", "it_moves_with_its_keys_only", "it_ends_with_its_login_session"),
        *_in("http/test_push", "a_shared_browser"),
    ),
    "a bad key of ours that ends all subscriptions": (
        *_in("notify/test_sending", "what_an_answer_means", "a_refusal_of_this_server_is_logged_once"),
        *_in("system/test_pushes", "what_push_services_answer"),
    ),
    "a push service that never answers": (
        *_in("notify/test_dispatcher", "one_person_does_not_fill_it", "an_item_does_not_take_for_ever"),
        *_in("notify/test_pushing", "services_that_do_not_answer_in_time"),
        *_in("system/test_pushes", "what_push_services_answer"),
    ),
    "a text in a push that may not be read any more": _in(
        _PUSHES,
        "those_who_may_not_read_it",
        "what_was_read_or_deleted_is_not_told",
        "a_restored_copy_tells_nothing_old",
    ),
    "kill -9 while pushes and mails are claimed": (
        *_in(_PUSHES, "claims_of_a_process_that_is_gone"),
        *_in("store/people/test_mail", "claims_of_a_process_that_is_gone"),
        *_in("notify/test_pushing", "claims_before_the_start_end"),
        *_in("system/test_pushes", "the_node_that_pushes_dies"),
    ),
    "pushes without end for a busy conversation": _in(_PUSHES, "one_push_for_what_is_due_together"),
    "messages that each concern thousands of people": _in(_PUSHES, "many_messages_cost_each_person_once"),
}

_MAIL, _MAILS, _MAILED = "mail/test_message", "store/people/test_mail", "mail/test_accounts"

MAIL: Mapping[str, Tests] = {
    "a stranger who looks for accounts and addresses": _in(_MAILED, "an_address_and_a_forgotten_password"),
    "mails to somebody who asked for none": _in(_MAILS, "limits", "one_mail_of_a_key"),
    "a link that is used twice, late, or by somebody else": _in(
        _MAILS, "an_address_is_confirmed_with_its_code", "a_code_for_a_password", "one_code_voids_the_others"
    ),
    "an unsubscribe that others press, or a scanner": _in("mail/test_digest", "a_digest_and_its_unsubscribe"),
    "a reset link in a log": _in(_MAILED, "an_address_and_a_forgotten_password"),
    "an address in a log": _in("mail/test_dispatcher", "the_log_has_no_address"),
    "a thief who takes the notice to the old address away": _in(_MAILS, "a_removed_address", "limits"),
    "headers and markup in texts of users": _in(
        _MAIL, "no_header_is_injected", "no_markup_is_injected", "one_recipient"
    ),
    "an address that stops the mails of everybody": (
        *_in("mail/test_dispatcher", "an_address_that_no_header_can_hold", "a_mail_that_cannot_be_written"),
        *_in("identity/test_mail_syntax", "what_is_refused"),
    ),
    "links that a request could lead elsewhere": _in("mail/test_settings", "a_server_needs_a_sender_and_an_address"),
    "a password of the mail server in the clear": _in("mail/test_smtp", "starttls", "tls"),
    "a mail server that is down, slow, or breaks": (
        *_in("mail/test_smtp", "a_server_that_is_down", "a_server_that_says_nothing", "a_server_that_is_slow"),
        *_in("mail/test_dispatcher", "a_server_that_is_down", "a_connection_that_breaks", "greylisting"),
        *_in(_MAILED, "a_mail_server_that_is_down"),
    ),
}

THREATS: Mapping[str, Mapping[str, Tests]] = {
    "frames": FRAMES,
    "handshake": HANDSHAKE,
    "JSON": JSON,
    "identity": IDENTITY,
    "authorisation": AUTHORISATION,
    "content": CONTENT,
    "volume": VOLUME,
    "growth": GROWTH,
    "files": FILES,
    "outgoing requests": OUTGOING,
    "mail": MAIL,
    "uvicorn and Starlette": SERVERS,
    "faults": FAULTS,
}
