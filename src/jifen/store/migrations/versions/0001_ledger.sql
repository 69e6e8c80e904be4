CREATE TABLE jifen.api_key (
    key_id UUID NOT NULL,
    name TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    old_secret_hash BYTEA,
    old_secret_until TIMESTAMP WITH TIME ZONE,
    roles TEXT[] NOT NULL,
    permissions TEXT[] NOT NULL,
    stores TEXT[],
    adjustment_units_max BIGINT,
    needs_code BOOLEAN DEFAULT false NOT NULL,
    requests_per_minute INTEGER,
    is_test BOOLEAN DEFAULT false NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT api_key_pkey PRIMARY KEY (key_id),
    CONSTRAINT a_key_may_do_something CHECK (cardinality(roles) + cardinality(permissions) > 0),
    CONSTRAINT a_bound_key_has_a_store CHECK (cardinality(stores) > 0),
    CONSTRAINT a_limit_is_no_debt CHECK (adjustment_units_max >= 0),
    CONSTRAINT a_key_may_ask_something CHECK (requests_per_minute > 0),
    CONSTRAINT an_old_secret_has_an_end CHECK ((old_secret_hash IS NULL) = (old_secret_until IS NULL))
);

COMMENT ON TABLE jifen.api_key IS 'One key of the API: who asks with it, and what it may do. Only a hash of its secret is kept.';

CREATE TABLE jifen.audit (
    audit_id UUID NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    principal_kind TEXT NOT NULL,
    principal_id UUID,
    principal TEXT NOT NULL,
    deed TEXT NOT NULL,
    about TEXT[] NOT NULL,
    why TEXT,
    came_from TEXT,
    count BIGINT NOT NULL,
    details JSONB NOT NULL,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (audit_id),
    CONSTRAINT who_acts_is_a_principal CHECK (principal_kind = ANY ('{key,operator,person,job,local}'::text[])),
    CONSTRAINT a_deed_is_a_noun_and_a_verb CHECK (deed ~ '^[a-z_]+[.][a-z_]+$'),
    CONSTRAINT why_is_a_word_of_a_closed_set CHECK (why = ANY ('{asked_by_person,at_the_till,service,question,merge,fraud,authority,export,message,maintenance}'::text[])),
    CONSTRAINT where_a_person_sits_is_not_written_down CHECK (came_from IS NULL OR principal_kind <> 'person'),
    CONSTRAINT an_act_is_about_some CHECK (count >= 0)
);

CREATE INDEX audit_about ON jifen.audit USING gin (about);

CREATE INDEX audit_recorded_xid ON jifen.audit USING brin (recorded_xid);

COMMENT ON TABLE jifen.audit IS 'One act outside the journal, or a reading of personal data: who, what, about what, why, from where.';

CREATE TABLE jifen.audit_seal (
    number BIGINT NOT NULL,
    first_id UUID NOT NULL,
    last_id UUID NOT NULL,
    count BIGINT NOT NULL,
    ids UUID[] NOT NULL,
    hashes BYTEA[] NOT NULL,
    root BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT audit_seal_pkey PRIMARY KEY (number),
    CONSTRAINT seals_count_from_one CHECK (number > 0),
    CONSTRAINT a_seal_holds_rows CHECK (count > 0 AND count = cardinality(ids) AND count = cardinality(hashes)),
    CONSTRAINT a_seal_is_made_of_hashes CHECK (length(root) = 32 AND length(previous) = 32 AND length(hash) = 32)
);

COMMENT ON TABLE jifen.audit_seal IS 'A batch of the audit, sealed: the hash of each row, of all of them, and of the seal before it.';

CREATE TABLE jifen.book (
    is_the_book BOOLEAN DEFAULT true NOT NULL,
    shift_seconds BIGINT DEFAULT 0 NOT NULL,
    label TEXT DEFAULT '' NOT NULL,
    shards INTEGER DEFAULT 1 NOT NULL,
    vault_proof BYTEA,
    CONSTRAINT book_pkey PRIMARY KEY (is_the_book),
    CONSTRAINT there_is_one_book CHECK (is_the_book),
    CONSTRAINT members_are_somewhere CHECK (shards > 0),
    CONSTRAINT the_book_is_never_ahead_of_the_clock CHECK (shift_seconds >= 0)
);

COMMENT ON TABLE jifen.book IS 'The one row: how far the book date is behind the clock (0 but in a demo), over how many shards members are spread.';

CREATE TABLE jifen.carried_lot (
    member_id UUID NOT NULL,
    number INTEGER NOT NULL,
    first_member_id UUID NOT NULL,
    first_number INTEGER NOT NULL,
    CONSTRAINT carried_lot_pkey PRIMARY KEY (member_id, number)
);

CREATE UNIQUE INDEX carried_lot_first ON jifen.carried_lot (member_id, first_member_id, first_number);

COMMENT ON TABLE jifen.carried_lot IS 'A lot that another member was granted first, and under which number: a later return of his finds it.';

CREATE TABLE jifen.checkpoint (
    name TEXT NOT NULL,
    below_xid BIGINT NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT checkpoint_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE jifen.checkpoint IS 'How far one reader of the journal has come: it has seen every transaction below this id.';

CREATE TABLE jifen.compensation (
    compensation_id UUID NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    made_by TEXT NOT NULL,
    undone_at TIMESTAMP WITH TIME ZONE,
    undone_by TEXT,
    CONSTRAINT compensation_pkey PRIMARY KEY (compensation_id),
    CONSTRAINT a_compensation_has_a_known_state CHECK (state = ANY ('{paying,paid,undoing,undone}'::text[]))
);

COMMENT ON TABLE jifen.compensation IS 'Units that many members are given at once, and why; it can be undone.';

CREATE TABLE jifen.compensation_share (
    compensation_id UUID NOT NULL,
    member_id UUID NOT NULL,
    units BIGINT NOT NULL,
    sequence BIGINT,
    undone_sequence BIGINT,
    refusal TEXT,
    CONSTRAINT compensation_share_pkey PRIMARY KEY (compensation_id, member_id),
    CONSTRAINT a_share_gives_something CHECK (units > 0)
);

CREATE INDEX compensation_share_open ON jifen.compensation_share (compensation_id) WHERE sequence IS NULL AND refusal IS NULL;

COMMENT ON TABLE jifen.compensation_share IS 'What one member is given by a compensation: the entry that gave it, the one that took it back, or why not.';

CREATE TABLE jifen.consent (
    person_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    number INTEGER NOT NULL,
    is_given BOOLEAN NOT NULL,
    text_version TEXT NOT NULL,
    channel TEXT NOT NULL,
    proof BYTEA,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT consent_pkey PRIMARY KEY (person_id, purpose, number),
    CONSTRAINT consents_are_counted_from_one CHECK (number > 0)
);

CREATE INDEX consent_of_terms ON jifen.consent (text_version) WHERE purpose = 'terms';

COMMENT ON TABLE jifen.consent IS 'A consent given or taken back, for a purpose and a version of its text. The last of a purpose counts.';

CREATE TABLE jifen.device (
    number BIGINT NOT NULL,
    device_id UUID NOT NULL,
    member_id UUID NOT NULL,
    root TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT device_pkey PRIMARY KEY (number),
    CONSTRAINT a_number_of_a_device_has_ten_digits CHECK (number >= 0 AND number < 10000000000)
);

CREATE INDEX device_member_id ON jifen.device (member_id);

COMMENT ON TABLE jifen.device IS 'One number under which a member''s phone shows codes; the newest of a device, and those before it until they end.';

CREATE TABLE jifen.duty (
    name TEXT NOT NULL,
    holder UUID NOT NULL,
    held_by BIGINT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    held_until TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT duty_pkey PRIMARY KEY (name)
);

COMMENT ON TABLE jifen.duty IS 'What one serving process does for all, which of them does it, and until when by the database''s clock.';

CREATE TABLE jifen.effect (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    part SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    about UUID NOT NULL,
    to_member UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT effect_pkey PRIMARY KEY (member_id, sequence, part),
    CONSTRAINT an_effect_has_a_known_kind CHECK (kind = ANY ('{gift_arrives,gift_goes_back}'::text[])),
    CONSTRAINT effects_of_an_entry_are_counted_from_zero CHECK (part >= 0)
);

CREATE INDEX effect_recorded_xid ON jifen.effect USING brin (recorded_xid);

COMMENT ON TABLE jifen.effect IS 'One thing that an entry causes elsewhere or later, such as the second half of a gift; what it is about, and whom.';

CREATE TABLE jifen.entry (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    entry_id UUID NOT NULL,
    kind TEXT NOT NULL,
    currency SMALLINT,
    units BIGINT,
    origin BIGINT,
    value SMALLINT,
    pieces INTEGER,
    counterpart_id UUID,
    gift_id UUID,
    slices TEXT,
    lapses_at TIMESTAMP WITH TIME ZONE,
    hits TEXT,
    carried TEXT,
    moves TEXT NOT NULL,
    revision INTEGER NOT NULL,
    store TEXT,
    channel TEXT,
    actor TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    tiers_after TEXT NOT NULL,
    balances_after TEXT NOT NULL,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT entry_pkey PRIMARY KEY (member_id, sequence),
    CONSTRAINT an_entry_has_a_known_kind CHECK (kind = ANY ('{enrol,event,moment,reverse,redeem,reserve,commit,release,exchange,adjust_up,adjust_down,gift_out,gift_in,carry_out,carry_in,state,advance,opening}'::text[])),
    CONSTRAINT a_movement_is_whole CHECK (cardinality(moves::bigint[]) % 4 = 0),
    CONSTRAINT an_entry_moves_something CHECK (units IS NULL OR units > 0),
    CONSTRAINT an_entry_of_pieces_has_some CHECK (pieces > 0),
    CONSTRAINT a_hit_row_is_whole CHECK (cardinality(hits::bigint[]) % 6 = 0),
    CONSTRAINT what_is_carried_is_told_on_both_sides CHECK ((carried IS NULL) = (kind NOT IN ('carry_out', 'carry_in')))
);

CREATE INDEX entry_carried_from ON jifen.entry (counterpart_id) WHERE kind = 'carry_in';

CREATE INDEX entry_carry ON jifen.entry (member_id) WHERE kind IN ('carry_out', 'carry_in');

CREATE UNIQUE INDEX entry_gift_in ON jifen.entry (member_id, gift_id) WHERE kind = 'gift_in';

CREATE INDEX entry_recorded_xid ON jifen.entry USING brin (recorded_xid);

CREATE UNIQUE INDEX entry_reversed_once ON jifen.entry (member_id, origin) WHERE kind = 'reverse';

COMMENT ON TABLE jifen.entry IS 'One thing other than a sale or a return that happened to one member. An entry of the fold.';

CREATE TABLE jifen.erasure (
    person_id UUID NOT NULL,
    member_id UUID NOT NULL,
    actor TEXT NOT NULL,
    fields INTEGER NOT NULL,
    keys INTEGER NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT erasure_pkey PRIMARY KEY (person_id)
);

COMMENT ON TABLE jifen.erasure IS 'A person was erased: when, by whom, and how much; nothing of who it was.';

CREATE TABLE jifen.event (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    code TEXT NOT NULL,
    source TEXT NOT NULL,
    business_no TEXT NOT NULL,
    attributes JSONB NOT NULL,
    CONSTRAINT event_pkey PRIMARY KEY (member_id, sequence)
);

COMMENT ON TABLE jifen.event IS 'What was told of an event: its code, its number outside, and of the attributes that the programme declares the integers and the texts that a rule names.';

CREATE TABLE jifen.event_text (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    attributes JSONB NOT NULL,
    CONSTRAINT event_text_pkey PRIMARY KEY (member_id, sequence)
);

COMMENT ON TABLE jifen.event_text IS 'Texts of an event that no rule names. They may say anything, so they stand outside the journal and can be erased.';

CREATE TABLE jifen.file_task (
    task_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    question JSONB NOT NULL,
    answer JSONB,
    failure JSONB,
    asked_by TEXT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    stage TEXT,
    percent SMALLINT DEFAULT 0 NOT NULL,
    tries SMALLINT DEFAULT 0 NOT NULL,
    CONSTRAINT file_task_pkey PRIMARY KEY (task_id),
    CONSTRAINT a_file_task_has_a_known_kind CHECK (kind IN ('purchases', 'opening', 'journal')),
    CONSTRAINT a_file_task_has_a_known_state CHECK (state IN ('ready', 'waiting', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT a_file_task_that_failed_says_why CHECK ((failure IS NULL) = (state <> 'failed'))
);

COMMENT ON TABLE jifen.file_task IS 'One file that is brought in (purchases, opening) or handed out (journal), how far that is and how it ended: numbers and codes, and nothing that the file holds. Removed after 30 days.';

CREATE TABLE jifen.flagged_code (
    flag_id UUID NOT NULL,
    source TEXT NOT NULL,
    business_no TEXT NOT NULL,
    why TEXT NOT NULL,
    principal TEXT NOT NULL,
    member_id UUID,
    shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
    flagged_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    settled_by TEXT,
    CONSTRAINT flagged_code_pkey PRIMARY KEY (flag_id),
    CONSTRAINT a_flag_says_why CHECK (why = ANY ('{wrong,used,too_late}'::text[])),
    CONSTRAINT who_settled_a_flag_did_so_at_some_time CHECK ((settled_at IS NULL) = (settled_by IS NULL))
);

CREATE INDEX flagged_code_open ON jifen.flagged_code (flagged_at) WHERE settled_at IS NULL;

COMMENT ON TABLE jifen.flagged_code IS 'A code that an offline till kept and that proved nothing when it came: a person looks at its purchase.';

CREATE TABLE jifen.gift (
    member_id UUID NOT NULL,
    gift_id UUID NOT NULL,
    receiver_id UUID NOT NULL,
    currency SMALLINT NOT NULL,
    units BIGINT NOT NULL,
    slices BIGINT[] NOT NULL,
    status TEXT NOT NULL,
    given_at TIMESTAMP WITH TIME ZONE NOT NULL,
    units_back BIGINT,
    CONSTRAINT gift_pkey PRIMARY KEY (member_id, gift_id),
    CONSTRAINT a_gift_has_a_known_status CHECK (status IN ('in_transit', 'received', 'going_back', 'gone_back')),
    CONSTRAINT no_more_of_a_gift_goes_back_than_was_given CHECK ((units_back IS NULL) = (status IN ('in_transit', 'received')) AND units_back BETWEEN 0 AND units),
    CONSTRAINT nobody_gives_to_himself CHECK (member_id <> receiver_id)
);

CREATE INDEX gift_going_back ON jifen.gift (given_at) WHERE status = 'going_back';

CREATE INDEX gift_in_transit ON jifen.gift (given_at) WHERE status = 'in_transit';

COMMENT ON TABLE jifen.gift IS 'Units on their way from one member (member_id) to another; a job finishes what a dead process left.';

CREATE TABLE jifen.lease (
    lease_id UUID NOT NULL,
    pool INTEGER NOT NULL,
    units BIGINT NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    closed_by_xid BIGINT,
    settled_at TIMESTAMP WITH TIME ZONE,
    used BIGINT,
    CONSTRAINT lease_pkey PRIMARY KEY (lease_id),
    CONSTRAINT a_lease_is_of_something CHECK (units > 0),
    CONSTRAINT a_lease_ends_after_it_began CHECK (ends_at > taken_at),
    CONSTRAINT a_lease_gives_no_more_than_it_has CHECK (used <= units),
    CONSTRAINT a_lease_that_is_settled_says_what_it_gave CHECK ((settled_at IS NULL) = (used IS NULL)),
    CONSTRAINT a_lease_is_closed_before_it_is_settled CHECK (settled_at IS NULL OR closed_by_xid IS NOT NULL)
);

CREATE INDEX lease_unsettled ON jifen.lease (pool) WHERE settled_at IS NULL;

COMMENT ON TABLE jifen.lease IS 'Units of a pool that one process took ahead. What is not used when it ends comes back to the pool.';

CREATE TABLE jifen.lot (
    member_id UUID NOT NULL,
    number INTEGER NOT NULL,
    currency SMALLINT NOT NULL,
    terms SMALLINT NOT NULL,
    origin BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    left_units BIGINT NOT NULL,
    held BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    matures_on DATE NOT NULL,
    expires_on DATE,
    CONSTRAINT lot_pkey PRIMARY KEY (member_id, number),
    CONSTRAINT a_lot_is_opened_with_units CHECK (opened > 0),
    CONSTRAINT every_unit_of_a_lot_is_accounted_for_once CHECK (opened = left_units + held + gone + expired + returned),
    CONSTRAINT no_part_of_a_lot_is_negative CHECK (left_units >= 0 AND held >= 0 AND expired >= 0 AND returned >= 0),
    CONSTRAINT no_more_of_a_lot_comes_back_than_was_opened CHECK (returned <= opened)
)
 WITH (fillfactor = 85);

CREATE INDEX lot_of_a_large_account ON jifen.lot (member_id, expires_on, number) WHERE number > 1000;

COMMENT ON TABLE jifen.lot IS 'Units of one member that one entry (its sequence is the origin) opened under one set of terms.';

CREATE TABLE jifen.member (
    member_id UUID NOT NULL,
    status TEXT DEFAULT 'active' NOT NULL,
    enrolled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    joined_day INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    purchases INTEGER NOT NULL,
    last_purchase_day INTEGER NOT NULL,
    clock_day INTEGER NOT NULL,
    clock_at BIGINT NOT NULL,
    lots_opened INTEGER NOT NULL,
    next_due_day INTEGER NOT NULL,
    next_lapse_at BIGINT NOT NULL,
    next_due_at TIMESTAMP WITH TIME ZONE,
    balances BIGINT[] NOT NULL,
    debts BIGINT[] NOT NULL,
    ladders INTEGER[] NOT NULL,
    days BYTEA NOT NULL,
    tier_history BIGINT[] NOT NULL,
    counters BIGINT[] NOT NULL,
    holds BIGINT[] NOT NULL,
    CONSTRAINT member_pkey PRIMARY KEY (member_id),
    CONSTRAINT a_member_has_a_known_status CHECK (status = ANY ('{active,frozen,closed,merged}'::text[])),
    CONSTRAINT a_sequence_counts_from_one CHECK (sequence >= 0),
    CONSTRAINT a_debt_is_never_negative CHECK (0 <= ALL (debts)),
    CONSTRAINT a_ladder_has_a_tier_and_a_review CHECK (cardinality(ladders) % 2 = 0),
    CONSTRAINT a_day_counts_for_each_ladder CHECK (get_byte(days, 2) = 3 + cardinality(ladders) / 2),
    CONSTRAINT a_tier_row_is_whole CHECK (cardinality(tier_history) % 6 = 0),
    CONSTRAINT a_counter_row_is_whole CHECK (cardinality(counters) % 3 = 0),
    CONSTRAINT a_hold_row_is_whole CHECK (cardinality(holds) % 5 = 0)
)
 WITH (fillfactor = 70);

CREATE INDEX member_next_due_at ON jifen.member (next_due_at) WHERE next_due_at IS NOT NULL;

COMMENT ON TABLE jifen.member IS 'One member: all that the fold keeps but the lots. The row that is locked. See domain/fold.py, packing.py.';

CREATE TABLE jifen.member_answer (
    member_id UUID NOT NULL,
    key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    answer JSONB NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT member_answer_pkey PRIMARY KEY (member_id, key)
);

COMMENT ON TABLE jifen.member_answer IS 'On a cluster: the answer to an Idempotency-Key, beside what it did of a member.';

CREATE TABLE jifen.member_key (
    blind BYTEA NOT NULL,
    kind TEXT NOT NULL,
    index_key TEXT NOT NULL,
    member_id UUID NOT NULL,
    person_id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT member_key_pkey PRIMARY KEY (blind, kind),
    CONSTRAINT a_member_key_has_a_known_kind CHECK (kind = ANY ('{card,external,pos,shop,wechat,alipay,phone,email}'::text[]))
);

CREATE INDEX member_key_member_id ON jifen.member_key (member_id);

CREATE INDEX member_key_person_id ON jifen.member_key (person_id);

COMMENT ON TABLE jifen.member_key IS 'What finds a member (a card, an id elsewhere, a phone, an e-mail) as a keyed blind index; sealed as its person''s.';

CREATE TABLE jifen.note (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT note_pkey PRIMARY KEY (member_id, sequence)
);

COMMENT ON TABLE jifen.note IS 'What somebody wrote beside an entry. It may say anything, so it stands outside the journal and can be erased.';

CREATE TABLE jifen.operator (
    operator_id UUID NOT NULL,
    login TEXT,
    name TEXT NOT NULL,
    roles TEXT[] NOT NULL,
    permissions TEXT[] NOT NULL,
    stores TEXT[],
    adjustment_units_max BIGINT,
    language TEXT DEFAULT 'zh' NOT NULL,
    password_hash TEXT,
    totp_secret BYTEA,
    totp_offered BYTEA,
    totp_step BIGINT DEFAULT 0 NOT NULL,
    recovery_hashes BYTEA[] DEFAULT '{}' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    disabled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT operator_pkey PRIMARY KEY (operator_id),
    CONSTRAINT an_operator_may_do_something CHECK (cardinality(roles) + cardinality(permissions) > 0),
    CONSTRAINT a_bound_operator_has_a_store CHECK (cardinality(stores) > 0),
    CONSTRAINT a_limit_of_an_operator_is_no_debt CHECK (adjustment_units_max >= 0),
    CONSTRAINT who_has_a_password_has_a_login CHECK (password_hash IS NULL OR login IS NOT NULL)
);

CREATE UNIQUE INDEX operator_login ON jifen.operator (login);

COMMENT ON TABLE jifen.operator IS 'One person who signs in, and what he may do. Of a password only its argon2id hash is kept.';

CREATE TABLE jifen.operator_invitation (
    token_hash BYTEA NOT NULL,
    operator_id UUID NOT NULL,
    invited_by TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT operator_invitation_pkey PRIMARY KEY (token_hash)
);

CREATE UNIQUE INDEX operator_invitation_operator_id ON jifen.operator_invitation (operator_id);

COMMENT ON TABLE jifen.operator_invitation IS 'A link by which an operator sets his login and password, once; a newer one takes its place.';

CREATE TABLE jifen.operator_session (
    session_id UUID NOT NULL,
    operator_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    privileged_until TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    began_by TEXT NOT NULL,
    passkey_id UUID,
    CONSTRAINT operator_session_pkey PRIMARY KEY (session_id),
    CONSTRAINT a_session_ends_after_it_began CHECK (expires_at > created_at),
    CONSTRAINT a_session_began_in_a_known_way CHECK (began_by = ANY ('{password,totp,recovery_code,passkey}'::text[])),
    CONSTRAINT a_passkey_that_opened_is_named CHECK ((began_by = 'passkey') = (passkey_id IS NOT NULL))
);

CREATE INDEX operator_session_operator_id ON jifen.operator_session (operator_id);

CREATE TABLE jifen.passkey (
    passkey_id UUID NOT NULL,
    operator_id UUID NOT NULL,
    credential_id BYTEA NOT NULL,
    public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL,
    name TEXT NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT passkey_pkey PRIMARY KEY (passkey_id),
    CONSTRAINT a_passkey_counts_from_nothing CHECK (sign_count >= 0),
    CONSTRAINT a_passkey_is_named CHECK (octet_length(credential_id) BETWEEN 1 AND 1023)
);

CREATE UNIQUE INDEX passkey_credential_id ON jifen.passkey (credential_id);

CREATE INDEX passkey_operator_id ON jifen.passkey (operator_id);

COMMENT ON TABLE jifen.passkey IS 'One passkey of an operator: a public key, which opens nothing by itself, and how often it has signed.';

CREATE TABLE jifen.passkey_challenge (
    challenge_id UUID NOT NULL,
    challenge BYTEA NOT NULL,
    operator_id UUID,
    session_id UUID,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT passkey_challenge_pkey PRIMARY KEY (challenge_id),
    CONSTRAINT who_adds_a_passkey_is_signed_in CHECK (session_id IS NULL OR operator_id IS NOT NULL)
);

CREATE INDEX passkey_challenge_expires_at ON jifen.passkey_challenge (expires_at);

COMMENT ON TABLE jifen.passkey_challenge IS 'What a passkey is asked to sign; used up by the first answer, whatever it is.';

COMMENT ON TABLE jifen.operator_session IS 'One browser in which an operator has signed in; removed some time after it ended.';

CREATE TABLE jifen.one_time_code (
    sign_in_id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    code_mark BYTEA NOT NULL,
    tries INTEGER DEFAULT 0 NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    proven_at TIMESTAMP WITH TIME ZONE,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT one_time_code_pkey PRIMARY KEY (sign_in_id),
    CONSTRAINT a_code_goes_to_a_contact CHECK (kind = ANY ('{phone,email}'::text[])),
    CONSTRAINT a_code_is_tried_a_few_times CHECK (tries BETWEEN 0 AND 5)
);

CREATE INDEX one_time_code_expires_at ON jifen.one_time_code (expires_at);

COMMENT ON TABLE jifen.one_time_code IS 'A code that was sent to a phone or an e-mail, sealed; it proves for some minutes that somebody has them.';

CREATE TABLE jifen.person_session (
    session_id UUID NOT NULL,
    person_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    agent TEXT NOT NULL,
    device_id UUID,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    last_used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT person_session_pkey PRIMARY KEY (session_id),
    CONSTRAINT a_sign_in_ends_after_it_began CHECK (expires_at > created_at)
);

CREATE INDEX person_session_person_id ON jifen.person_session (person_id);

COMMENT ON TABLE jifen.person_session IS 'One phone or browser in which a person has signed in; removed when he is erased, and some time after it ended.';

CREATE TABLE jifen.parked (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    part SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    since TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    tries INTEGER NOT NULL,
    next_try_at TIMESTAMP WITH TIME ZONE NOT NULL,
    failure_class TEXT NOT NULL,
    failure TEXT NOT NULL,
    CONSTRAINT parked_pkey PRIMARY KEY (member_id, sequence, part),
    CONSTRAINT what_is_parked_has_a_known_kind CHECK (kind = ANY ('{time,gift_arrives,gift_goes_back}'::text[])),
    CONSTRAINT an_effect_is_parked_by_its_entry CHECK ((kind = 'time') = (sequence = 0)),
    CONSTRAINT something_is_parked_after_a_try CHECK (tries > 0)
);

COMMENT ON TABLE jifen.parked IS 'What could not be done (an effect; sequence 0: what time makes due of a member) and is tried again till it is.';

CREATE TABLE jifen.person (
    person_id UUID NOT NULL,
    member_id UUID NOT NULL,
    role TEXT DEFAULT 'head' NOT NULL,
    wrapped_key BYTEA NOT NULL,
    master TEXT NOT NULL,
    added_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT person_pkey PRIMARY KEY (person_id),
    CONSTRAINT a_person_has_a_known_role CHECK (role IN ('head', 'adult', 'child'))
);

CREATE INDEX person_member_id ON jifen.person (member_id);

COMMENT ON TABLE jifen.person IS 'Who somebody is: the key that seals what he told of himself, wrapped by a master key. Erasing him deletes the row.';

CREATE TABLE jifen.person_field (
    person_id UUID NOT NULL,
    field TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT person_field_pkey PRIMARY KEY (person_id, field)
);

COMMENT ON TABLE jifen.person_field IS 'One thing that a person told of himself, sealed under his key.';

CREATE TABLE jifen.pool (
    pool INTEGER NOT NULL,
    leased BIGINT NOT NULL,
    used BIGINT NOT NULL,
    CONSTRAINT pool_pkey PRIMARY KEY (pool),
    CONSTRAINT a_pool_is_never_below_nothing CHECK (leased >= 0 AND used >= 0)
);

COMMENT ON TABLE jifen.pool IS 'What of a pool (a rule''s budget) is leased to processes, and what leases that are settled gave.';

CREATE TABLE jifen.pool_back (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    lease_id UUID NOT NULL,
    pool INTEGER NOT NULL,
    units BIGINT NOT NULL,
    CONSTRAINT pool_back_pkey PRIMARY KEY (member_id, sequence, lease_id),
    CONSTRAINT what_comes_back_to_a_pool_is_something CHECK (units > 0)
);

CREATE INDEX pool_back_pool ON jifen.pool_back (pool);

COMMENT ON TABLE jifen.pool_back IS 'What an entry drew from a stock (pool_use) and that is there again: it was cancelled, lapsed or came back.';

CREATE TABLE jifen.redemption (
    member_id UUID NOT NULL,
    redemption_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    reward SMALLINT NOT NULL,
    pieces INTEGER NOT NULL,
    currency SMALLINT NOT NULL,
    units BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    is_kept BOOLEAN NOT NULL,
    store TEXT,
    code TEXT,
    status TEXT NOT NULL,
    redeemed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    until_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT redemption_pkey PRIMARY KEY (member_id, redemption_id),
    CONSTRAINT a_redemption_has_a_known_status CHECK (status = ANY ('{waiting,handed_over,cancelled,lapsed,returned}'::text[])),
    CONSTRAINT a_redemption_is_of_something CHECK (pieces > 0 AND units > 0),
    CONSTRAINT nobody_is_paid_to_redeem CHECK (amount_minor >= 0),
    CONSTRAINT what_is_kept_is_picked_up_by_a_code_until_a_moment CHECK (is_kept = (code IS NOT NULL) AND is_kept = (until_at IS NOT NULL))
);

CREATE UNIQUE INDEX redemption_sequence ON jifen.redemption (member_id, sequence);

CREATE INDEX redemption_redemption_id ON jifen.redemption (redemption_id);

CREATE INDEX redemption_code ON jifen.redemption (code) WHERE code IS NOT NULL;

CREATE INDEX redemption_waiting ON jifen.redemption (redeemed_at) WHERE status = 'waiting';

COMMENT ON TABLE jifen.redemption IS 'A reward that a member took for units: by which entry, and where it stands.';

CREATE TABLE jifen.stock (
    pool INTEGER NOT NULL,
    reward SMALLINT NOT NULL,
    store TEXT NOT NULL,
    CONSTRAINT stock_pkey PRIMARY KEY (pool),
    CONSTRAINT a_stock_is_no_budget CHECK (pool >= 1000000)
);

CREATE UNIQUE INDEX stock_reward_store ON jifen.stock (reward, store);

COMMENT ON TABLE jifen.stock IS 'The pool that is the stock of a reward, at one store or ('''') for all of them.';

CREATE TABLE jifen.stock_change (
    pool INTEGER NOT NULL,
    number INTEGER NOT NULL,
    pieces BIGINT NOT NULL,
    reason TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by TEXT NOT NULL,
    CONSTRAINT stock_change_pkey PRIMARY KEY (pool, number),
    CONSTRAINT a_change_of_a_stock_changes_it CHECK (pieces <> 0),
    CONSTRAINT changes_of_a_stock_are_counted_from_one CHECK (number > 0),
    CONSTRAINT a_stock_changes_for_a_known_reason CHECK (reason = ANY ('{delivered,counted,damaged,sent_back,moved}'::text[]))
);

COMMENT ON TABLE jifen.stock_change IS 'Pieces that came into a stock or left it otherwise than by redemptions: what there is in all is their sum.';

CREATE TABLE jifen.pool_use (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    lease_id UUID NOT NULL,
    pool INTEGER NOT NULL,
    units BIGINT NOT NULL,
    CONSTRAINT pool_use_pkey PRIMARY KEY (member_id, sequence, lease_id),
    CONSTRAINT a_use_of_a_pool_takes_something CHECK (units > 0)
);

CREATE INDEX pool_use_lease_id ON jifen.pool_use (lease_id);

COMMENT ON TABLE jifen.pool_use IS 'What an entry was granted out of a pool, and by which lease: a row only where a rule with a budget granted.';

CREATE TABLE jifen.posting (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    part SMALLINT NOT NULL,
    currency SMALLINT NOT NULL,
    verb TEXT NOT NULL,
    account TEXT NOT NULL,
    is_credit BOOLEAN NOT NULL,
    units BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    terms SMALLINT NOT NULL,
    reasons TEXT NOT NULL,
    lot INTEGER,
    revision INTEGER NOT NULL,
    funder TEXT,
    store TEXT,
    channel TEXT,
    actor TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (member_id, sequence, part),
    CONSTRAINT a_posting_moves_something CHECK (units > 0),
    CONSTRAINT a_verb_moves_between_the_member_and_its_own_account CHECK ((verb || ' ' || account || ' ' || is_credit::text) = ANY ('{earn issued true,claw_back issued false,redeem redeemed false,expire expired false,adjust_up adjusted true,adjust_down adjusted false,give in_transit false,receive in_transit true,reverse_redeem redeemed true,reverse_adjust_up adjusted false,reverse_adjust_down adjusted true,reverse_give in_transit true,reverse_receive in_transit false,carry_out carried false,carry_in carried true,opening opening true,reverse_opening opening false,exchange_out exchanged false,exchange_in exchanged true,reverse_exchange_out exchanged true,reverse_exchange_in exchanged false}'::text[])),
    CONSTRAINT every_posting_says_why CHECK (reasons <> '{}' AND cardinality(reasons::bigint[]) % 3 = 0)
);

CREATE INDEX posting_recorded_xid ON jifen.posting USING brin (recorded_xid);

COMMENT ON TABLE jifen.posting IS 'One movement of units between one account of one member and one account of the programme: both legs in a row.';

CREATE TABLE jifen.programme_balance (
    account TEXT NOT NULL,
    currency SMALLINT NOT NULL,
    units_in BIGINT NOT NULL,
    units_out BIGINT NOT NULL,
    CONSTRAINT programme_balance_pkey PRIMARY KEY (account, currency)
);

COMMENT ON TABLE jifen.programme_balance IS 'Rolled-up balance of one programme account in one currency, up to the checkpoint.';

CREATE TABLE jifen.proof (
    proof_id UUID NOT NULL,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    milliseconds INTEGER NOT NULL,
    members_replayed BIGINT NOT NULL,
    is_kept BOOLEAN NOT NULL,
    laws JSONB NOT NULL,
    CONSTRAINT proof_pkey PRIMARY KEY (proof_id)
);

COMMENT ON TABLE jifen.proof IS 'What one `jifen reconcile` found of each law. The newest are kept.';

CREATE TABLE jifen.proposal (
    proposal_id UUID NOT NULL,
    kind TEXT NOT NULL,
    body JSONB NOT NULL,
    member_id UUID,
    store TEXT,
    proposed_by TEXT NOT NULL,
    proposer_id UUID,
    proposer_kind TEXT NOT NULL,
    confirm TEXT,
    state TEXT DEFAULT 'waiting' NOT NULL,
    proposed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by TEXT,
    decider_id UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    result JSONB,
    trail JSONB DEFAULT '[]' NOT NULL,
    CONSTRAINT proposal_pkey PRIMARY KEY (proposal_id),
    CONSTRAINT a_proposal_has_a_known_kind CHECK (kind = ANY ('{adjustment,reversal,publication,erasure,merge,reveal}'::text[])),
    CONSTRAINT a_proposal_has_a_known_state CHECK (state = ANY ('{waiting,approved,refused,withdrawn}'::text[])),
    CONSTRAINT a_decision_names_who_decided CHECK ((state = 'waiting') = (decided_by IS NULL)),
    CONSTRAINT a_decision_has_its_moment CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT only_what_is_approved_has_an_effect CHECK (result IS NULL OR state = 'approved')
);

CREATE INDEX proposal_waiting ON jifen.proposal (expires_at) WHERE state = 'waiting';

COMMENT ON TABLE jifen.proposal IS 'Something that waits for a second person, what he decided, and every step on the way.';

CREATE TABLE jifen.purchase (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    purchase_id UUID NOT NULL,
    source TEXT NOT NULL,
    business_no TEXT NOT NULL,
    store TEXT,
    till TEXT,
    cashier TEXT,
    channel TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    occurred_on DATE NOT NULL,
    weekday SMALLINT NOT NULL,
    hour SMALLINT NOT NULL,
    store_date INTEGER NOT NULL,
    money TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    payments JSONB,
    tags TEXT[],
    lines JSONB NOT NULL,
    masks TEXT NOT NULL,
    hits TEXT NOT NULL,
    legs TEXT,
    moves TEXT NOT NULL,
    revision INTEGER NOT NULL,
    judged_tiers TEXT NOT NULL,
    tiers_after TEXT NOT NULL,
    balances_after TEXT NOT NULL,
    actor TEXT,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT purchase_pkey PRIMARY KEY (member_id, sequence),
    CONSTRAINT a_purchase_is_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT a_purchase_is_recorded_after_it_occurred CHECK (recorded_at >= occurred_at),
    CONSTRAINT a_hit_row_is_whole CHECK (cardinality(hits::bigint[]) % 6 = 0),
    CONSTRAINT a_leg_is_whole CHECK (cardinality(legs::bigint[]) % 4 = 0),
    CONSTRAINT a_movement_is_whole CHECK (cardinality(moves::bigint[]) % 4 = 0)
);

CREATE INDEX purchase_purchase_id ON jifen.purchase (purchase_id);

CREATE INDEX purchase_recorded_xid ON jifen.purchase USING brin (recorded_xid);

COMMENT ON TABLE jifen.purchase IS 'One sale of one member with its lines and all that it was judged by. An entry of the fold.';

CREATE TABLE jifen.purchase_key (
    business_no TEXT NOT NULL,
    source TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    member_id UUID,
    sequence BIGINT,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT purchase_key_pkey PRIMARY KEY (business_no, source),
    CONSTRAINT a_key_names_a_purchase_or_a_receipt_of_nobody CHECK ((member_id IS NULL) = (sequence IS NULL))
);

COMMENT ON TABLE jifen.purchase_key IS 'The key under which a purchase came in, and whose it became: of nobody without member, only claimed at sequence 0.';

CREATE TABLE jifen.purchase_return (
    member_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    return_id UUID NOT NULL,
    purchase_member_id UUID NOT NULL,
    purchase_sequence BIGINT NOT NULL,
    is_void BOOLEAN NOT NULL,
    is_whole BOOLEAN NOT NULL,
    lines JSONB NOT NULL,
    amount_minor BIGINT NOT NULL,
    hits TEXT NOT NULL,
    moves TEXT NOT NULL,
    forgiven TEXT NOT NULL,
    store TEXT,
    till TEXT,
    cashier TEXT,
    channel TEXT,
    actor TEXT,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    inserted_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    tiers_after TEXT NOT NULL,
    balances_after TEXT NOT NULL,
    recorded_xid BIGINT DEFAULT pg_current_xact_id()::text::bigint NOT NULL,
    CONSTRAINT purchase_return_pkey PRIMARY KEY (member_id, sequence),
    CONSTRAINT a_return_is_not_negative CHECK (amount_minor >= 0),
    CONSTRAINT a_hit_row_is_whole CHECK (cardinality(hits::bigint[]) % 6 = 0),
    CONSTRAINT a_movement_is_whole CHECK (cardinality(moves::bigint[]) % 4 = 0)
);

CREATE INDEX purchase_return_purchase_sequence ON jifen.purchase_return (purchase_member_id, purchase_sequence);

CREATE INDEX purchase_return_recorded_xid ON jifen.purchase_return USING brin (recorded_xid);

COMMENT ON TABLE jifen.purchase_return IS 'Part or all of one purchase coming back. An entry of the fold.';

CREATE TABLE jifen.question (
    member_id UUID NOT NULL,
    question_id UUID NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    sequence BIGINT,
    part SMALLINT,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT,
    CONSTRAINT question_pkey PRIMARY KEY (member_id, question_id),
    CONSTRAINT a_question_is_of_a_known_kind CHECK (kind = ANY ('{units_missing,units_wrong,spending,return,expiry,tier,personal_data,service,something_else}'::text[])),
    CONSTRAINT a_question_stands_somewhere CHECK (status = ANY ('{open,answered,appealed,closed}'::text[])),
    CONSTRAINT an_answer_comes_to_something CHECK (outcome = ANY ('{corrected,explained,refused}'::text[])),
    CONSTRAINT a_part_is_of_an_entry CHECK (part IS NULL OR sequence IS NOT NULL),
    CONSTRAINT what_waits_for_an_answer_is_due CHECK ((due_at IS NOT NULL) = (status = ANY ('{open,appealed}'::text[])))
);

CREATE INDEX question_due ON jifen.question (due_at) WHERE due_at IS NOT NULL;

COMMENT ON TABLE jifen.question IS 'One question or complaint of a member, the entry that it is about, and where it stands.';

CREATE TABLE jifen.question_step (
    member_id UUID NOT NULL,
    question_id UUID NOT NULL,
    number INTEGER NOT NULL,
    move TEXT NOT NULL,
    principal_kind TEXT NOT NULL,
    principal_id UUID,
    principal TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT,
    entry BIGINT,
    CONSTRAINT question_step_pkey PRIMARY KEY (member_id, question_id, number),
    CONSTRAINT a_step_is_a_known_one CHECK (move = ANY ('{asked,answered,appealed,closed}'::text[])),
    CONSTRAINT an_answer_and_nothing_else_has_an_outcome CHECK ((outcome IS NOT NULL) = (move = 'answered')),
    CONSTRAINT what_was_corrected_names_the_entry CHECK ((entry IS NOT NULL) = (outcome IS NOT DISTINCT FROM 'corrected'))
);

COMMENT ON TABLE jifen.question_step IS 'One step of a question''s trail: asked, answered, appealed, closed; by whom, and the entry that corrected something.';

CREATE TABLE jifen.question_text (
    member_id UUID NOT NULL,
    question_id UUID NOT NULL,
    number INTEGER NOT NULL,
    said TEXT NOT NULL,
    CONSTRAINT question_text_pkey PRIMARY KEY (member_id, question_id, number)
);

COMMENT ON TABLE jifen.question_text IS 'What was said in a step of a question. Kept apart from it, so that it can be erased with the person.';

CREATE TABLE jifen.request_key (
    key TEXT NOT NULL,
    body_hash BYTEA NOT NULL,
    answer JSONB,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    member_id UUID,
    CONSTRAINT request_key_pkey PRIMARY KEY (key),
    CONSTRAINT a_key_has_its_answer_or_says_where_it_is CHECK ((member_id IS NULL) <> (answer IS NULL))
);

COMMENT ON TABLE jifen.request_key IS 'An Idempotency-Key that has had its effect, with the answer given; on a cluster, of whom it is claimed for.';

CREATE TABLE jifen.reservation (
    member_id UUID NOT NULL,
    reservation_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    currency SMALLINT NOT NULL,
    units BIGINT NOT NULL,
    status TEXT NOT NULL,
    lapses_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT reservation_pkey PRIMARY KEY (member_id, reservation_id),
    CONSTRAINT a_reservation_has_a_known_status CHECK (status = ANY ('{open,committed,released,lapsed}'::text[])),
    CONSTRAINT a_reservation_holds_something CHECK (units > 0)
);

COMMENT ON TABLE jifen.reservation IS 'Units promised to a redemption at the till until it is committed, released or lapses.';

CREATE TABLE jifen.revision (
    number INTEGER NOT NULL,
    document JSONB NOT NULL,
    document_hash TEXT NOT NULL,
    numbering JSONB NOT NULL,
    meaning JSONB NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_by TEXT NOT NULL,
    CONSTRAINT revision_pkey PRIMARY KEY (number),
    CONSTRAINT a_revision_is_numbered_from_one CHECK (number > 0)
);

COMMENT ON TABLE jifen.revision IS 'One published state of the programme document; it never changes.';

CREATE TABLE jifen.revision_text (
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT revision_text_pkey PRIMARY KEY (number),
    CONSTRAINT a_revision_is_written_in_a_mebibyte CHECK (octet_length(text) <= 1048576)
);

COMMENT ON TABLE jifen.revision_text IS 'A revision as it was written. Its comments may say anything, so they stand outside the journal.';

CREATE TABLE jifen.revision_tests (
    number INTEGER NOT NULL,
    tests JSONB NOT NULL,
    kept_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT revision_tests_pkey PRIMARY KEY (number)
);

COMMENT ON TABLE jifen.revision_tests IS 'The tests that the document of a revision carries: they may change, and mean nothing for members.';

CREATE TABLE jifen.sign_in_try (
    about BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    failed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    free_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT sign_in_try_pkey PRIMARY KEY (about),
    CONSTRAINT tries_are_counted_from_nothing CHECK (failures >= 0)
);

COMMENT ON TABLE jifen.sign_in_try IS 'Wrong tries to sign in, by a hash of whom and from where, and from when on the next one is looked at.';

CREATE TABLE jifen.terms (
    number INTEGER NOT NULL,
    version TEXT NOT NULL,
    document JSONB NOT NULL,
    summary JSONB,
    is_worse BOOLEAN NOT NULL,
    takes_effect_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_at TIMESTAMP WITH TIME ZONE NOT NULL,
    published_by TEXT NOT NULL,
    CONSTRAINT terms_pkey PRIMARY KEY (number),
    CONSTRAINT terms_are_counted_from_one CHECK (number > 0),
    CONSTRAINT no_terms_take_effect_in_the_past CHECK (takes_effect_at >= published_at),
    CONSTRAINT what_is_different_is_told CHECK ((number = 1) = (summary IS NULL))
);

CREATE UNIQUE INDEX terms_version ON jifen.terms (version);

CREATE INDEX terms_takes_effect_at ON jifen.terms (takes_effect_at);

COMMENT ON TABLE jifen.terms IS 'One version of the terms of membership, as it was published; it never changes.';

CREATE TABLE jifen.terms_withdrawal (
    number INTEGER NOT NULL,
    withdrawn_at TIMESTAMP WITH TIME ZONE NOT NULL,
    withdrawn_by TEXT NOT NULL,
    would_take_effect_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT terms_withdrawal_pkey PRIMARY KEY (number),
    CONSTRAINT terms_in_force_are_not_called_off CHECK (withdrawn_at < would_take_effect_at)
);

COMMENT ON TABLE jifen.terms_withdrawal IS 'A version of the terms that was called off before it took effect.';

CREATE TABLE jifen.setting (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT setting_pkey PRIMARY KEY (name),
    CONSTRAINT a_check_of_cards_is_a_known_one CHECK (value = ANY ('{none,luhn,mod_37_36}'::text[]) OR name <> 'card_check')
);

COMMENT ON TABLE jifen.setting IS 'One setting of the ledger that is not of the programme, such as which check digit new cards need.';

CREATE TABLE jifen.switch (
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    is_off BOOLEAN NOT NULL,
    switched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    switched_by TEXT NOT NULL,
    CONSTRAINT switch_pkey PRIMARY KEY (number),
    CONSTRAINT what_is_switched_is_a_rule_or_a_store CHECK (kind = ANY ('{rule,store,reward}'::text[])),
    CONSTRAINT turns_of_switches_are_counted CHECK (number > 0)
);

COMMENT ON TABLE jifen.switch IS 'One turn of a switch: from this moment on a rule, a store or a reward gives or books nothing, or does so again.';

CREATE TABLE jifen.household_invitation (
    invitation_id UUID NOT NULL,
    code_mark BYTEA NOT NULL,
    member_id UUID NOT NULL,
    invited_by UUID NOT NULL,
    role TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    called_off_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT household_invitation_pkey PRIMARY KEY (invitation_id),
    CONSTRAINT an_invitation_makes_nobody_head CHECK (role IN ('adult', 'child')),
    CONSTRAINT an_invitation_ends_once CHECK (used_at IS NULL OR called_off_at IS NULL)
);

CREATE UNIQUE INDEX household_invitation_code_mark ON jifen.household_invitation (code_mark);

CREATE INDEX household_invitation_member_id ON jifen.household_invitation (member_id);

COMMENT ON TABLE jifen.household_invitation IS 'A code by which somebody joins a household, of which only a keyed mark is kept: good once, until it ends.';

CREATE TABLE jifen.merged_member (
    member_id UUID NOT NULL,
    into_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    into_sequence BIGINT NOT NULL,
    persons UUID[] NOT NULL,
    devices UUID[] NOT NULL,
    merged_at TIMESTAMP WITH TIME ZONE NOT NULL,
    undone_as UUID,
    CONSTRAINT merged_member_pkey PRIMARY KEY (member_id)
);

CREATE INDEX merged_member_into_id ON jifen.merged_member (into_id);

COMMENT ON TABLE jifen.merged_member IS 'Which persons and phones went over in a merge, and the member that they became where it was undone.';

CREATE TABLE jifen.likeness (
    person_id UUID NOT NULL,
    kind TEXT NOT NULL,
    mark BYTEA NOT NULL,
    CONSTRAINT likeness_pkey PRIMARY KEY (person_id, kind, mark),
    CONSTRAINT a_likeness_has_a_known_kind CHECK (kind = ANY ('{phone,digits,number,name_birthday}'::text[]))
);

CREATE INDEX likeness_mark ON jifen.likeness (mark, kind);

COMMENT ON TABLE jifen.likeness IS 'What a person has alike with another who may be the same: a mark under the ledger''s own key.';

CREATE TABLE jifen.told_apart (
    first_id UUID NOT NULL,
    second_id UUID NOT NULL,
    told_by TEXT NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT told_apart_pkey PRIMARY KEY (first_id, second_id),
    CONSTRAINT a_pair_stands_once CHECK (first_id < second_id)
);

COMMENT ON TABLE jifen.told_apart IS 'Two members of whom somebody said that they are not the same.';

CREATE TABLE jifen.unclaimed_purchase (
    business_no TEXT NOT NULL,
    source TEXT NOT NULL,
    body JSONB NOT NULL,
    returned JSONB DEFAULT '{}' NOT NULL,
    is_void BOOLEAN DEFAULT false NOT NULL,
    occurred_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT unclaimed_purchase_pkey PRIMARY KEY (business_no, source)
);

COMMENT ON TABLE jifen.unclaimed_purchase IS 'A receipt of nobody (and what of its lines came back meanwhile), until a member claims it.';

INSERT INTO jifen.book DEFAULT VALUES;

CREATE TABLE jifen.used_code (
    number BIGINT NOT NULL,
    step BIGINT NOT NULL,
    principal_id UUID,
    opened_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
    source TEXT,
    business_no TEXT,
    reserved TEXT[] NOT NULL,
    CONSTRAINT used_code_pkey PRIMARY KEY (number, step),
    CONSTRAINT a_checkout_ends_with_a_purchase_or_goes_on CHECK ((source IS NULL) = (business_no IS NULL))
);

CREATE INDEX used_code_opened_at ON jifen.used_code (opened_at);

COMMENT ON TABLE jifen.used_code IS 'A code that opened a checkout: by whom, the purchase that it ended with, and the reservations made in it.';

CREATE TABLE jifen.segment (
    number INTEGER NOT NULL,
    code TEXT NOT NULL,
    names JSONB NOT NULL,
    condition JSONB,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by TEXT NOT NULL,
    archived_at TIMESTAMP WITH TIME ZONE,
    refreshed_at TIMESTAMP WITH TIME ZONE,
    members BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    CONSTRAINT segment_pkey PRIMARY KEY (number),
    CONSTRAINT a_code_names_one_segment UNIQUE (code),
    CONSTRAINT segments_are_numbered_from_one CHECK (number > 0),
    CONSTRAINT a_segment_has_no_less_than_nobody CHECK (members >= 0 AND left_out >= 0)
);

COMMENT ON TABLE jifen.segment IS 'One segment: a named list of members, or the condition by which a job finds them; how many there were at last.';

CREATE TABLE jifen.segment_size (
    number INTEGER NOT NULL,
    on_day DATE NOT NULL,
    members BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    CONSTRAINT segment_size_pkey PRIMARY KEY (number, on_day)
);

COMMENT ON TABLE jifen.segment_size IS 'How many were in a segment when it was counted last on a day.';

CREATE TABLE jifen.segment_member (
    member_id UUID NOT NULL,
    number INTEGER NOT NULL,
    CONSTRAINT segment_member_pkey PRIMARY KEY (member_id, number)
);

CREATE INDEX segment_member_by_segment ON jifen.segment_member (number, member_id);

COMMENT ON TABLE jifen.segment_member IS 'One member who is in a segment now.';

GRANT USAGE ON SCHEMA jifen TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.question_text TO jifen_app;

GRANT SELECT, INSERT ON jifen.question_step TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.question TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.file_task TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.flagged_code TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.setting TO jifen_app;

GRANT SELECT, INSERT ON jifen.terms TO jifen_app;

GRANT SELECT, INSERT ON jifen.terms_withdrawal TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.used_code TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.device TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.api_key TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.operator TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.operator_session TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.passkey TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.passkey_challenge TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.one_time_code TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.person_session TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.operator_invitation TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.sign_in_try TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.proposal TO jifen_app;

GRANT SELECT, INSERT ON jifen.audit_seal TO jifen_app;

GRANT SELECT, INSERT ON jifen.audit TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.pool TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.lease TO jifen_app;

GRANT SELECT, INSERT ON jifen.pool_use TO jifen_app;

GRANT SELECT, INSERT ON jifen.pool_back TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.redemption TO jifen_app;

GRANT SELECT, INSERT ON jifen.stock TO jifen_app;

GRANT SELECT, INSERT ON jifen.stock_change TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.proof TO jifen_app;

GRANT SELECT, INSERT ON jifen.effect TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.parked TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.duty TO jifen_app;

GRANT SELECT, INSERT ON jifen.event TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.event_text TO jifen_app;

GRANT SELECT, INSERT ON jifen.revision TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.revision_text TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.revision_tests TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.segment TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.segment_size TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.segment_member TO jifen_app;

GRANT SELECT, INSERT ON jifen.switch TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.book TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.programme_balance TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.checkpoint TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.member TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.lot TO jifen_app;

GRANT SELECT, INSERT ON jifen.posting TO jifen_app;

GRANT SELECT, INSERT ON jifen.purchase TO jifen_app;

GRANT SELECT, INSERT ON jifen.purchase_return TO jifen_app;

GRANT SELECT, INSERT ON jifen.entry TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.reservation TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.gift TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.carried_lot TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.purchase_key TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.unclaimed_purchase TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.request_key TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.note TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.compensation TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.compensation_share TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.member_answer TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.member_key TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.person_field TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.person TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.erasure TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.consent TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.told_apart TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.likeness TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.merged_member TO jifen_app;

GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.household_invitation TO jifen_app;

GRANT SELECT ON jifen.alembic_version TO jifen_app;
